/** Levels of log lines as Envoy names them, for all of it and for single components. */

/** As `--log-level` of Envoy has them, the most talkative first. */
export const envoyLevels = ['trace', 'debug', 'info', 'warning', 'warn', 'error', 'critical', 'off'] as const;

/** What the messages of a wrong list say. */
export const componentLevelsForm = `a list such as http:debug,upstream:info, with levels among ${envoyLevels.join(', ')}`;

/** Whether Envoy would take an item, if it has a component of that name: which ones there are depends on its version. */
export function isComponentLevel(item: string): boolean {
  const [, level] = /^[a-z0-9_]+:([a-z]+)$/.exec(item) ?? [];
  return envoyLevels.some((one) => one === level);
}

/** `--consul-rules`: rules under a prefix of Consul's KV, stated as a URL with options of its own. */
import type { Command } from 'commander';
import { QueryClient } from '../blocking-query/client.ts';
import { consulRules } from '../consul-rules/consul-rules.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { ObjectSource } from '../model/object-source.ts';
import { consulVariables, type PlatformUrlForm, parsePlatformUrl } from './platform-url.ts';
import { version } from './version.ts';

const form: PlatformUrlForm = {
  ...consulVariables,
  example: 'http://127.0.0.1:8500?prefix=fairway/rules',
  parameters: { prefix: 'once', dc: 'once' },
};

/** One source for each URL, as they are given. Ends the process with one line for what cannot be understood. */
export function consulRulesOf(urls: readonly string[], command: Command, log: Log): readonly ObjectSource[] {
  return urls.map((text) => {
    const refuse = (message: string) => command.error(`error: --consul-rules: ${message}`);
    const url = parsePlatformUrl(text, form, process.env);
    if (typeof url === 'string') return refuse(url);
    const prefix = (url.one('prefix') ?? '').replace(/^\/+|\/+$/g, '');
    if (prefix === '') return refuse('expected prefix=, such as prefix=fairway/rules, found none');
    const { access } = url;
    const datacenter = url.one('dc');
    const place = `${access.server.host}/${datacenter === undefined ? '' : `${datacenter}/`}${prefix}`;
    return consulRules({
      // One question that waits, and one that is asked meanwhile.
      client: new QueryClient({ api: 'Consul', access, userAgent: `fairway/${version}`, mostConnections: 2 }),
      name: `consul-rules/${place}`,
      prefix,
      ...(datacenter === undefined ? {} : { datacenter }),
      log,
      clock: systemClock,
      now: Date.now,
      random: Math.random,
    });
  });
}

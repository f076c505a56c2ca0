/** The test's end of the line to the application in a pod. */
import type { ChildProcess } from 'node:child_process';
import type { Commands, Question, Reaction } from './commands.ts';

/** Each command as it is asked from outside. Rejects when the application has ended. */
export type PodApplication = {
  readonly [Name in keyof Commands]: (
    ...what: object extends Parameters<Commands[Name]>[0] ? [] : Parameters<Commands[Name]>
  ) => Promise<ReturnType<Commands[Name]>>;
};

const names: Readonly<Record<keyof Commands, true>> = {
  call: true,
  callMany: true,
  callHttp2: true,
  greet: true,
  echo: true,
  webSocket: true,
  resolve: true,
  behave: true,
  received: true,
  forget: true,
  startLoad: true,
  stopLoad: true,
  lookAtLoad: true,
};

export function talkTo(child: ChildProcess): PodApplication {
  const waiting = new Map<number, (reaction: Reaction) => void>();
  let last = 0;
  child.on('message', (reaction: Reaction) => {
    waiting.get(reaction.id)?.(reaction);
    waiting.delete(reaction.id);
  });
  child.on('exit', () => {
    for (const [id, settle] of waiting) settle({ id, error: 'the application has ended' });
    waiting.clear();
  });
  const ask = (command: keyof Commands, what: object = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      const question = { id: last, command, what } as Question;
      waiting.set(last, (reaction) =>
        'error' in reaction ? reject(new Error(`${command}: ${reaction.error}`)) : resolve(reaction.result),
      );
      child.send(question, (error) => {
        if (error !== null) reject(error);
      });
    });
  const entries = (Object.keys(names) as (keyof Commands)[]).map((name) => [name, (what?: object) => ask(name, what)]);
  return Object.fromEntries(entries) as PodApplication;
}

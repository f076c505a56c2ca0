/** What the adapter relies on of Nomad's API: the same for a real one and for the stand-in. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { jobOf } from './support/job.ts';
import type { Job } from './support/nomad-jobs.ts';
import type { Allocation, Registration } from './support/nomad-state.ts';
import { describeNomads } from './support/nomads.ts';

const mostMs = 30_000;

describeNomads('services of jobs', (nomad) => {
  const count = async (service: string, wanted: number) =>
    until(async () => (await nomad().registrations(service)).length === wanted, {
      what: `${wanted} of ${service}`,
      mostMs,
    });
  const runOne = async (job: Job): Promise<Registration> => {
    await nomad().run(job);
    await count(job.ID, 1);
    return (await nomad().registrations(job.ID))[0] as Registration;
  };
  /** Until what earlier tests have run and stopped has been told: a real one wakes some who wait for others, too. */
  const untilQuiet = async () => {
    for (let [index, next] = [-1, 0]; index !== next; await sleep(500))
      [index, next] = [next, (await nomad().read('/v1/services')).index];
  };
  const jobNamed = (name: string, Tags: readonly string[] = []) =>
    jobOf({ name, services: [{ Name: name, PortLabel: 'http', Tags }] });

  it('are listed by name and by instance, with a running allocation', async () => {
    const job = jobNamed('listed', ['v1', 'team=a']);
    const { Tags, Port, AllocID } = await runOne(job);
    const { value: names } =
      await nomad().read<readonly { readonly Services: readonly { ServiceName: string }[] }[]>('/v1/services');
    assert.ok(names.flatMap(({ Services }) => Services).some(({ ServiceName }) => ServiceName === 'listed'));
    assert.deepEqual([Tags, Port > 0], [['v1', 'team=a'], true]);
    const isRunning = async () => {
      const { value } = await nomad().read<readonly Allocation[]>('/v1/allocations?task_states=false');
      return value.some((one) => one.ID === AllocID && one.ClientStatus === 'running' && one.DesiredStatus === 'run');
    };
    await until(isRunning, { what: 'an allocation that runs', mostMs });
    const { value: checks } = await nomad().read<object | null>(`/v1/client/allocation/${AllocID}/checks`);
    assert.deepEqual(checks ?? {}, {});
    await nomad().stop(job);
  });

  it('wake who waits for their own changes, with the index of the table', async () => {
    await untilQuiet();
    const { index } = await nomad().read('/v1/service/woken');
    const waiting = nomad().read<readonly Registration[]>(`/v1/service/woken?index=${index}&wait=30s`);
    const job = jobNamed('woken');
    await nomad().run(job);
    const woken = await waiting;
    assert.deepEqual([woken.value.length, woken.index > index], [1, true]);
    await nomad().stop(job);
  });

  it('tell who waits for others nothing of themselves, whether or not they wake him', async () => {
    const job = jobNamed('mine');
    await runOne(job);
    await untilQuiet();
    const { index } = await nomad().read('/v1/service/mine');
    const waiting = nomad().read<readonly Registration[]>(`/v1/service/mine?index=${index}&wait=3s`);
    const other = jobNamed('other');
    await runOne(other);
    // Nomad 1.6 wakes him, 2.0 does not (both observed); the index is then that of the end, or of the beginning.
    const answer = await waiting;
    assert.deepEqual([answer.value.map(({ ServiceName }) => ServiceName), answer.index >= index], [['mine'], true]);
    assert.ok((await nomad().read('/v1/service/mine')).index > index);
    for (const one of [job, other]) await nomad().stop(one);
  });

  it('keep their ID when tags change', async () => {
    const before = await runOne(jobNamed('tagged', ['v1']));
    await nomad().run(jobNamed('tagged', ['v2']));
    const isChanged = async () => (await nomad().registrations('tagged'))[0]?.Tags.join() === 'v2';
    await until(isChanged, { what: 'the tag', mostMs });
    const [now] = await nomad().registrations('tagged');
    assert.equal(now?.ID, before.ID);
    assert.ok((now?.ModifyIndex ?? 0) > before.ModifyIndex);
    await nomad().stop(jobNamed('tagged'));
  });

  it('are replaced by another allocation when one is stopped, and gone with the job', async () => {
    const job = jobNamed('replaced');
    const { AllocID } = await runOne(job);
    await nomad().stopAllocation(AllocID);
    const isReplaced = async () => {
      const all = await nomad().registrations('replaced');
      return all.length === 1 && all[0]?.AllocID !== AllocID;
    };
    await until(isReplaced, { what: 'another allocation', mostMs });
    await nomad().stop(job);
    await count('replaced', 0);
  });

  it('are named by the event stream, which begins at once', async () => {
    const stop = new AbortController();
    const response = await fetch(`${nomad().url}/v1/event/stream?topic=Service&namespace=*&index=1`, {
      signal: stop.signal,
    });
    let text = '';
    const reading = (async () => {
      for await (const piece of response.body ?? []) text += Buffer.from(piece).toString('utf8');
    })().catch(() => {});
    await until(() => text.startsWith('{}\n'), { what: 'the first line' });
    const job = jobNamed('streamed');
    await nomad().run(job);
    await until(() => text.includes('"ServiceName":"streamed"'), { what: 'an event', mostMs });
    stop.abort();
    await reading;
    await nomad().stop(job);
  });
});

import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, table } from './table.js';

const modules = 100;
const samples = 20;

/** What the engine itself needs for one frame of 100 modules whose updates do next to nothing. */
export async function tick(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const files = Object.fromEntries(
    Array.from({ length: modules }, (_, index) => [
      `modules/m${index}/m${index}.c`,
      `static double time;\nvoid m${index}_update(double dt) { time += dt; }\n`,
    ]),
  );
  await using project = await openProject(files, env, { watch: false, rate: 240 });
  const { host } = project.session.context;
  const ticks: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const { frame } = await host.stats();
    // The engine's own mean covers the last second of frames, so look again after some more of them.
    let now = frame;
    while (now < frame + 60) now = (await host.stats()).frame;
    ticks.push((await host.stats()).tickUs);
  }
  return table(
    `Engine tick of ${modules} modules, ${samples} samples (microseconds)`,
    ['', 'p50', 'p95'],
    [{ name: 'tick (goal: at most 20)', cells: [number(percentile(ticks, 50)), number(percentile(ticks, 95))] }],
  );
}

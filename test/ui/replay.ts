/**
 * Plays a session of the sample city to the real Ink view, to look at it in a real terminal. By hand only:
 *
 *   npx tsc -p tsconfig.json --noEmit false --outDir <dir> && node <dir>/test/ui/replay.js [broken|many|idle]
 *
 * `--no-color` and `--ascii` show the other looks; q ends it. What the keys ask for is printed into the output part.
 */
import { createBus } from '../../src/events/bus.js';
import type { SessionEvent } from '../../src/events/events.js';
import { mountUi } from '../../src/ui/mount.js';
import { brokenTraffic, buildDone, city, cityEvents, reloadDone, sessionStart } from '../helpers/view-events.js';

const words = process.argv.slice(2);
const bus = createBus();
let paused = false;

const asked = (text: string): void =>
  bus.emit({ type: 'host:output', stream: 'stdout', module: '', text: `asked for: ${text}` });

const ui = mountUi({
  bus,
  stdout: process.stdout,
  stdin: process.stdin,
  color: !words.includes('--no-color'),
  unicode: !words.includes('--ascii'),
  actions: {
    reload: (module) => reloadOnce(module),
    rebuild: (module) => asked(`rebuild ${module}`),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    step: () => asked('step'),
    watchState: (module) => asked(`state of ${module}`),
    undo: (modules) => asked(`undo ${modules.join(' ')}`),
    accept: (module) => asked(`accept ${module}`),
    quit: () => void end(),
    forceQuit: () => process.exit(130),
  },
});

let frame = 12_340;
const ticking = setInterval(() => {
  if (!paused) frame += 15;
  bus.emit({ type: 'host:stats', frame, rate: 60, paused, tickUs: 17 + (frame % 4) });
  const shift = Math.floor(frame / 15) % 34;
  const lines = city.split('\n');
  const road = lines.at(-1) ?? '';
  const text = [...lines.slice(0, -1), road.slice(shift) + road.slice(0, shift)].join('\n');
  if (!paused) bus.emit({ type: 'module:view', module: 'graphics', text });
}, 250);

for (const event of recording()) bus.emit(event);
await ui.done;

function recording(): readonly SessionEvent[] {
  if (words.includes('many')) {
    const modules = Array.from({ length: 40 }, (_, index) => `module_number_${index + 1}`);
    return [...cityEvents(), sessionStart(modules), ...modules.map((module) => reloadDone(module))];
  }
  const reloads = Array.from({ length: 24 }, (_, index) =>
    reloadDone('traffic', { generation: index + 2, from: index + 1, timings: sample(index) }),
  );
  const broken = words.includes('broken') ? brokenTraffic(25) : [];
  return [...cityEvents(), ...reloads, ...broken];
}

function reloadOnce(module: string): void {
  bus.emit({ type: 'build:start', module });
  setTimeout(() => bus.emit({ type: 'build:progress', module, done: 1, total: 2 }), 150);
  setTimeout(() => bus.emit(buildDone(module)), 380);
  setTimeout(() => bus.emit(reloadDone(module, { generation: 30, from: 29 })), 400);
}

function sample(index: number): {
  readonly build: number;
  readonly load: number;
  readonly pause: number;
  readonly total: number;
} {
  const build = 55 + ((index * 37) % 23);
  return { build, load: 2.9, pause: 0.41, total: build + 9 };
}

function setPaused(value: boolean): void {
  paused = value;
  asked(value ? 'pause' : 'resume');
}

async function end(): Promise<void> {
  clearInterval(ticking);
  await ui.unmount();
}

import { sep } from 'node:path';
import type { ResolvedConfig } from '../config/resolved.js';
import { createIgnoreTest } from '../watch/ignore.js';
import { type FileChange, type Watcher, watch } from '../watch/watcher.js';

/**
 * Watches what a project is made of: the folders its modules lie in (so that new ones are seen), further folders
 * that the configuration names, and the configuration's own files.
 */
export async function watchProject(
  config: ResolvedConfig,
  onChange: (change: FileChange) => void,
  onError: (error: Error) => void,
): Promise<Watcher> {
  const dirs = watchedDirs(config);
  const moduleDirs = config.modules.map((module) => module.dir);
  const ignore = createIgnoreTest({
    root: config.root,
    outDir: config.outDir,
    dirs: [...dirs, ...moduleDirs],
    patterns: [...config.watch.ignore, ...buildOutputs(config)],
  });
  const configFiles = new Set(config.configFiles);
  return watch({
    paths: [...dirs, ...configFiles],
    // A configuration file counts even where the project keeps it out of version control.
    ignore: (path, isDirectory) => !configFiles.has(path) && ignore(path, isDirectory),
    polling: config.watch.polling,
    pollIntervalMs: config.watch.pollIntervalMs,
    onChange,
    onError,
  });
}

/** The fixed part of each pattern: `modules` of `modules/*`. */
function watchedDirs(config: ResolvedConfig): readonly string[] {
  const bases = config.modulePatterns.map((pattern) => {
    const fixed = pattern.split('/').filter((part) => part !== '.' && part !== '');
    const wild = fixed.findIndex((part) => /[*?[{]/.test(part));
    return [config.root, ...(wild === -1 ? fixed : fixed.slice(0, wild))].join(sep);
  });
  return [...new Set([...bases, ...config.watch.paths])];
}

/** What a module's own build command leaves is output, wherever it lies. */
function buildOutputs(config: ResolvedConfig): readonly string[] {
  return config.modules.flatMap(({ build }) => {
    const inside = build.output?.startsWith(config.root + sep) ? build.output.slice(config.root.length) : null;
    return inside === null ? [] : [inside];
  });
}

import type { UserConfig } from './schema.js';

/** Gives `hotmod.config.ts` its types: `export default defineConfig({ ... })`. Returns what it is given. */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}

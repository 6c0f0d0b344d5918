import type { ModuleFile } from './module-schema.js';
import type { EntryNames } from './resolved.js';

/** The symbol names to look for in a module of this name, with what the module itself says in their place. */
export function entryNames(module: string, given: ModuleFile['entry']): EntryNames {
  const name = identifier(module);
  return {
    getInterface: list(given?.getInterface) ?? ['get_module_interface'],
    init: list(given?.init) ?? [`${name}_init`, 'module_init'],
    update: list(given?.update) ?? [`${name}_update`, 'module_update'],
    shutdown: list(given?.shutdown) ?? [`${name}_shutdown`, 'module_shutdown', 'module_cleanup'],
    saveState: list(given?.saveState) ?? [`${name}_save_state`, 'module_save_state'],
    loadState: list(given?.loadState) ?? [`${name}_load_state`, 'module_load_state'],
    view: list(given?.view) ?? ['module_view', `${name}_view`],
  };
}

/** The folder name as C can write it: `my-mod` becomes `my_mod`, `2d` becomes `_2d`. */
export function identifier(module: string): string {
  return module.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}

function list(given: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof given === 'string' ? [given] : given;
}

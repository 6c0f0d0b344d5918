import { loadInProduction } from './production.js';

export type { Ui } from './options.js';

/**
 * Shows the session on the terminal until it is unmounted. Importing this module loads ink and react (about 0.4 s),
 * so import it only when it is wanted, and before the session starts:
 *
 *   const { mountUi } = await import('../ui/mount.js');
 */
const { openScreen: mountUi } = await loadInProduction(() => import('./terminal.js'));

export { mountUi };

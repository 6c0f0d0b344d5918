import type { CodeText } from './types.js';

/** What concerns the session as a whole. */
export const sessionCodes: readonly CodeText[] = [
  {
    code: 'HM517',
    title: 'waits for another module',
    meaning:
      'Several modules changed together (a shared header, say) and one of them could not be switched. The others are held back, because no frame may run a mix of old and new.',
    remedy: 'Mend the module that is named; all of them then change over together.',
  },
  {
    code: 'HM523',
    title: "a module's folder is gone",
    meaning:
      'The folder of a running module was removed. Its last version goes on running, with its state: a removal may be one step of something longer, such as switching branches.',
    remedy: 'Bring the folder back to go on with it, or start the session again to be rid of the module.',
  },
  {
    code: 'HM524',
    title: 'watching files failed',
    meaning:
      'The file system did not let hotmod watch a folder, for instance because the limit of watched files is reached.',
    remedy:
      'On Linux raise fs.inotify.max_user_watches, ignore folders that hold no sources (watch.ignore in the configuration), or use --polling.',
  },
  {
    code: 'HM525',
    title: 'files change faster than they can be built',
    meaning:
      'Sources of a module were different after each of several builds in a row from what the build had read. Something writes them all the time: a generator, a synchronised folder, or the build command itself.',
    remedy:
      'Find what writes the files (the log names what changed), or exclude them with watch.ignore. The next change builds the module again.',
  },
  {
    code: 'HM528',
    title: 'what was to be replaced runs no longer',
    meaning:
      'While a new version was being prepared, the one that it was compared with crashed on probation, and the host took it back. Nothing was changed; hotmod compares again with what runs now, and reloads.',
    remedy: 'Nothing to do. The crash itself is told by HM509.',
  },
  {
    code: 'HM550',
    title: 'path leads nowhere',
    meaning:
      'The path names no variable of the module that runs, or a field or element that its type does not have. The message says how far it leads and what there would be.',
    remedy:
      'Write it as in C: variable.field[3].x, first->next, function::variable for a static of a function, file.c:variable where two files have the same name. Without a path, "hotmod inspect" shows all variables.',
  },
  {
    code: 'HM599',
    title: 'a bug of hotmod',
    meaning: 'Something went wrong in hotmod itself, not in your code. The running program was left as it was.',
    remedy: 'Look at .hotmod/hotmod.log, and report the message with the lines before it.',
  },
];

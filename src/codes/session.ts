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
    code: 'HM526',
    title: 'not clear what is to go back',
    meaning:
      '"hotmod rollback" was called without a module and without a transaction, with both, or with --to for several modules: a generation has a number of its own in each module.',
    remedy:
      'Name modules, or one module with --to, or a transaction with --last or --transaction. What several modules go back to is what ran before in each.',
  },
  {
    code: 'HM527',
    title: 'nothing left of the transaction',
    meaning:
      '"hotmod rollback --last" or "--transaction" takes back what one transaction of this session reloaded, and none of its modules runs that generation any more, or nothing was reloaded yet: a first load has no version before it.',
    remedy: 'Name the modules, with --to where it is not the generation that ran before.',
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
    code: 'HM560',
    title: 'journal is damaged',
    meaning:
      'The file .hotmod/history.db, in which the generations of all sessions stand, is no database, or part of it cannot be read: it was written to by something else, or the disk failed. It is moved aside with everything in it, as history.db.damaged-1 (2, 3, ...), and a new one begun. Numbers of generations go on from what the session still knows.',
    remedy:
      'Nothing needs to be done. Where the older history matters, "sqlite3 history.db.damaged-1 .recover" saves what can be read.',
  },
  {
    code: 'HM561',
    title: 'journal is of a newer hotmod',
    meaning:
      'The file .hotmod/history.db was written by a newer hotmod, in a form that this one does not know. It is left untouched; the history of this session is kept in memory and lost at its end.',
    remedy: 'Use the newer hotmod in this project, or move the file away to begin a new history.',
  },
  {
    code: 'HM562',
    title: 'journal cannot be written',
    meaning:
      'The file .hotmod/history.db could not be opened or written: the disk is full or read-only, or the right to it is missing. Reloading goes on as before; what happens from now on is kept in memory until the session ends.',
    remedy: 'Make room on the disk or give yourself the right to write there, then start the session again.',
  },
  {
    code: 'HM564',
    title: 'no such generation to go back to',
    meaning:
      'The generation that was asked for does not exist, was never switched to, runs already, or its library is gone: of each module the newest keepGenerations different ones stay, and the pinned one.',
    remedy:
      'Use one of those that the message names. Raise keepGenerations in the configuration to keep more from now on, or pin a generation so that it stays.',
  },
  {
    code: 'HM565',
    title: 'module is pinned',
    meaning:
      'The module was pinned with "hotmod pin": it stays at that generation. What is saved is built, validated and judged, and not switched to. What changed together with it waits too, because no frame may run a mix.',
    remedy: '"hotmod unpin <module>" lets it go and brings it up to date at once.',
  },
  {
    code: 'HM566',
    title: 'module is not pinned',
    meaning: '"hotmod unpin" was asked for a module that goes with its source already.',
    remedy: 'Nothing needs to be done. "hotmod history" marks the generations at which modules are pinned.',
  },
  {
    code: 'HM567',
    title: 'pinned generation is gone',
    meaning:
      'A module was pinned in an earlier session, and the library of that generation is not on disk any more, or not whole. The pin was taken away; the module goes with its source.',
    remedy: 'Bring its source back to the version you want, and pin it again.',
  },
  {
    code: 'HM568',
    title: 'no texts of that generation',
    meaning:
      'A difference was asked for a generation that does not exist, is the first one known, or is so old that the texts of its source were let go.',
    remedy: 'Ask for one of the newest generations, or look into your version control.',
  },
  {
    code: 'HM599',
    title: 'a bug of hotmod',
    meaning: 'Something went wrong in hotmod itself, not in your code. The running program was left as it was.',
    remedy: 'Look at .hotmod/hotmod.log, and report the message with the lines before it.',
  },
];

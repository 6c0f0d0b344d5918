import type { CodeText } from './types.js';

/** HM5xx: the reload itself and the host process. */
export const reloadCodes: readonly CodeText[] = [
  {
    code: 'HM501',
    title: 'library could not be loaded',
    meaning:
      'The system loader refused the new library, or it could not be copied to where the host loads it from. The message is the own text of the loader: usually an undefined symbol or a library that it needs and does not find. The version that ran before runs on.',
    remedy:
      'Link what is missing (ldflags in module.json), or put the needed library where the loader looks. "ldd" and "nm -D --undefined-only" show what the library wants.',
  },
  {
    code: 'HM502',
    title: 'prepare_reload failed',
    meaning:
      'prepare_reload of the version that runs returned something other than 0: it asks not to be replaced now. Nothing was changed.',
    remedy:
      'Reload (r in the UI, or `hotmod reload`) when the module has come to rest, or let prepare_reload finish its work and return 0. Where it never does, `hotmod reload <module> --force` goes on without its consent.',
  },
  {
    code: 'HM503',
    title: 'save_state failed',
    meaning:
      'save_state of the version that runs returned something other than 0. Without its state the new version would start afresh, so the reload was taken back; the old version runs on with its state.',
    remedy:
      'Find out why save_state gave up: the failing value is in the message. It must allocate *data with malloc. Where the running version can never save, `hotmod reload <module> --force` takes the new one all the same: with the state the running one was started with, or afresh.',
  },
  {
    code: 'HM504',
    title: 'migrate_state failed',
    meaning:
      'The two versions differ in info.version and migrate_state of the new one returned something other than 0. The old version runs on with its state as it was; migrate_state worked on a copy.',
    remedy: 'Teach migrate_state the step from the version that is named, or reload a version in between first.',
  },
  {
    code: 'HM505',
    title: 'init failed',
    meaning: 'init of the new version returned something other than 0. It was unloaded; the old version runs on.',
    remedy: 'Correct init and save: the next successful build is tried at once.',
  },
  {
    code: 'HM506',
    title: 'load_state failed',
    meaning:
      'load_state of the new version returned something other than 0, so it cannot take the state over. It was shut down and unloaded; the old version runs on with its state as it was.',
    remedy:
      'Compare the size that load_state expects with what save_state of the running version writes. Raise info.version and write migrate_state where the format has changed.',
  },
  {
    code: 'HM507',
    title: 'complete_reload failed',
    meaning:
      'complete_reload, the last step of the new version before the switch, returned something other than 0. Everything was taken back; the old version runs on.',
    remedy: 'Correct complete_reload and save.',
  },
  {
    code: 'HM508',
    title: 'crashed during the reload',
    meaning:
      'A function of the reload protocol crashed. The call was abandoned and everything taken back; the old version runs on. The library that crashed stays mapped, because nobody knows what it left behind.',
    remedy:
      'The message names the function and the signal. A null pointer in load_state often means that init did not allocate what it fills in.',
  },
  {
    code: 'HM509',
    title: 'crashed in update',
    meaning:
      'The module crashed while it ran. The other modules run on without missing a frame. Its variables were put back to what they were at the start of that frame, and it goes on with the next one; a version that crashes in its first frames is taken back, with all that came with it. What the crashed call changed in memory from malloc, in files or in thread-local variables stays changed.',
    remedy:
      'Correct the place that the message names and save. Where the message says that the variables were not put back, see host.frameCopies and host.frameCopyLimit.',
  },
  {
    code: 'HM510',
    title: 'module called exit',
    meaning:
      'A module called exit(), which ends the whole host process. Another host takes over with the last good versions, and with the variables that each module had before the last frame, where these mean something in another process.',
    remedy: 'Return an error from the function in place of calling exit(); a library must not end its program.',
  },
  {
    code: 'HM511',
    title: 'call did not return',
    meaning:
      'A call into a module did not return in time: an endless loop, or a lock that is never released. The limit is timeouts.load for what runs while a library is loaded (constructors), timeouts.commit while versions are switched (init, prepare_reload, ...), and timeouts.call (host.hangTimeoutMs) for all others. The host process was ended, and another one takes over with the last good versions and the variables of the last frame boundary.',
    remedy:
      'Correct the loop in the function that is named. Raise the limit where the work really takes long; 0 sets none.',
  },
  {
    code: 'HM512',
    title: 'host process ended',
    meaning:
      'The process that modules run in could not be started or ended unexpectedly: a crash on a thread of a module, a constructor that crashed, or a signal from outside. Where it is known, the module is named.',
    remedy:
      'Look at the log for the last lines before the end. Run "hotmod doctor" where the process does not start at all.',
  },
  {
    code: 'HM513',
    title: 'crashed too often, stopped',
    meaning:
      'The module crashed more often than host.restart allows within its time and was stopped, so that it does not fail for ever.',
    remedy: 'Correct the crash and save: the next successful build starts the module again.',
  },
  {
    code: 'HM514',
    title: 'no interface, or one for another engine',
    meaning:
      'get_module_interface returned NULL or an interface whose api_version this engine does not speak, or none of the entry functions is exported.',
    remedy:
      'Return a pointer to a static module_interface_t with info.api_version set to MODULE_API_VERSION, and build against the module_interface.h of this version.',
  },
  {
    code: 'HM515',
    title: 'nothing to go back to',
    meaning:
      'No earlier version of the module can be gone back to: it does not run, only one version of it ever ran, or the libraries of the others are gone.',
    remedy: 'Use "hotmod history" to see the generations that exist, and edit the source to get an earlier one back.',
  },
  {
    code: 'HM516',
    title: 'state points into the old version',
    meaning:
      'The saved state contains addresses of the version that was replaced, such as string literals or functions. That library stays mapped so that they stay valid; each such reload keeps some memory.',
    remedy:
      'Save what the pointers stand for (an index, a name, a copy of the text) in place of the pointers themselves.',
  },
  {
    code: 'HM518',
    title: 'state could not be carried over',
    meaning:
      'The new version was loaded beside the old one, and its state did not go over: a live value does not fit where it ' +
      'would have to go, a pointer leads to something that is gone, or the plan of the transfer does not fit the two ' +
      'versions. All of it is looked at before anything is written; the old version runs on with its state as it was.',
    remedy:
      'The message says which value it was. Keep the type or the variable it needs, or use --force: values then become ' +
      'the nearest that fit, and pointers that lead nowhere become NULL.',
  },
  {
    code: 'HM519',
    title: 'transfer plan that does not fit',
    meaning:
      'The plan that carries state from one version to the next was refused by the engine. Nothing was changed. This is ' +
      'a bug of hotmod.',
    remedy: 'Report it with both versions of the source. Until then save_state and load_state carry the state.',
  },
  {
    code: 'HM520',
    title: 'a session already runs here',
    meaning: 'Another hotmod dev is running for this project. Two of them would write over the results of one another.',
    remedy: 'Use the session that runs (its process id is in the message), or end it first.',
  },
  {
    code: 'HM521',
    title: 'no session runs here',
    meaning: 'The command talks to a running session, and none was found for this project.',
    remedy: 'Start one with "hotmod dev" in another terminal, or name the project with --cwd.',
  },
  {
    code: 'HM522',
    title: 'session did not answer',
    meaning: 'A session runs for this project, but it did not answer in time.',
    remedy: 'Try again; where it stays silent, end the process that the message names and start "hotmod dev" anew.',
  },
  {
    code: 'HM530',
    title: 'engine could not be built',
    meaning:
      'The engine is a small C library that is built with your clang on first use, and that failed. The text of the compiler is in the message.',
    remedy: 'Run "hotmod doctor --fix": mostly the compiler or the headers of the C library are missing.',
  },
  {
    code: 'HM531',
    title: 'callback failed',
    meaning:
      'recovery.onCrash or recovery.onRecovered of the config threw, or its promise was rejected. The session goes on as if there were no such callback, and calls it again the next time.',
    remedy: 'Correct the function in the config; the message is its own.',
  },
  {
    code: 'HM532',
    title: 'callback took too long',
    meaning:
      'The promise of recovery.onCrash or recovery.onRecovered did not settle within recovery.callbackTimeoutMs. What the policy says is done, and what the promise gives later is not looked at.',
    remedy: 'Return at once and do slow work beside it, or raise recovery.callbackTimeoutMs.',
  },
  {
    code: 'HM533',
    title: 'onCrash chose what cannot be done',
    meaning:
      'recovery.onCrash returned something that is none of the choices of its report. Where a crash must be dealt with before the next frame, the host has done so already and there is no choice left; what it does is set with recovery.policy.',
    remedy: 'Return one of report.choices, or nothing. Set recovery.policy for what must fall before the next frame.',
  },
  {
    code: 'HM535',
    title: 'stopped as its policy says',
    meaning:
      'The module crashed, and recovery.policy or recovery.onCrash says "stop" for crashes of this kind. It is out of the frame loop; the others run on.',
    remedy: 'Correct the crash and save: the next successful build starts the module again.',
  },
  {
    code: 'HM537',
    title: 'validation took too long',
    meaning:
      'Reading the new libraries and their types took longer than timeouts.validate. It is looked at between two steps, because one step cannot be interrupted; what was not reached by then was not read. The version that ran before runs on.',
    remedy: 'Raise timeouts.validate, which is taken over at once; 0 sets no limit.',
  },
  {
    code: 'HM540',
    title: 'no such function',
    meaning:
      'The running version of the module exports no function of this name. Static functions and those with hidden ' +
      'visibility have no name that can be called from outside.',
    remedy: 'Check the spelling against the names in the message, or take "static" away and reload.',
  },
  {
    code: 'HM541',
    title: 'module is not running',
    meaning: 'A function can be called only in a module that is loaded and has not crashed.',
    remedy: 'Correct the crash and save: the next successful build starts the module again. Then call once more.',
  },
  {
    code: 'HM542',
    title: 'crashed in the call',
    meaning:
      'The function that was called crashed. The call was abandoned, and the module was taken out of the frame loop, as ' +
      'after a crash in update: nobody knows what the function left half done.',
    remedy: 'Check the arguments, pointers above all, and the function that the message names.',
  },
  {
    code: 'HM543',
    title: 'arguments do not fit the function',
    meaning:
      'The number of arguments, or the type or range of one of them, is not what the function takes. Nothing was called.',
    remedy:
      'The message shows the signature and which argument it is about. Numbers are written as in C, text for a char ' +
      'pointer in quotes or bare, structs as {x: 1, y: 2}, pointers as null or 0x... .',
  },
  {
    code: 'HM544',
    title: 'function cannot be called from outside',
    meaning:
      'The function takes or returns something that cannot be passed without its own source: variable arguments, long ' +
      'double, complex numbers and vectors, C++ objects with constructors, or it has parameters that are not known.',
    remedy: 'Export a small function that takes numbers, pointers or plain structs and calls this one.',
  },
  {
    code: 'HM570',
    title: 'module is in a critical section',
    meaning:
      'The running version has said with module_begin_critical that it must not be replaced now, and has not called ' +
      'module_end_critical yet. The reload waits until it does; nothing was changed.',
    remedy:
      'Wait, or look for a way through the module that leaves module_end_critical out. `hotmod reload <module> --force` ' +
      'does not wait.',
  },
  {
    code: 'HM571',
    title: 'version cannot be tried',
    meaning:
      'For an A/B run the other version is loaded beside the one that runs and takes over its state in a copy of the ' +
      'program. It could not be loaded, its state cannot be carried over, its variables are too large to be kept, or the ' +
      'copy could not be made.',
    remedy: 'Choose another generation, or look at what the message says of this one.',
  },
  {
    code: 'HM572',
    title: 'module is in another transaction',
    meaning:
      'A transaction wanted a module that another open one has, and was told not to wait; or the two would have waited for ' +
      'each other for ever.',
    remedy: 'End the other transaction first, or take modules into transactions always in the same order.',
  },
  {
    code: 'HM573',
    title: 'transaction has ended',
    meaning: 'A transaction was used after it had been committed or rolled back.',
    remedy: 'Begin another one.',
  },
  {
    code: 'HM590',
    title: 'memory of a module does not go over to the next host',
    meaning:
      'The host process ended, and what the module had taken from module_alloc holds a word that may have been an address ' +
      'in it: memory from malloc, an object of the C library, code. Nobody knows the types of that memory, so the module ' +
      'begins anew.',
    remedy:
      'Take everything that a block points to from module_alloc as well, and look functions up again in place of keeping ' +
      'their addresses there.',
  },
  {
    code: 'HM591',
    title: 'state was lost with the host',
    meaning:
      'The host process ended, and the module began anew in the next one, because its variables of the last frame boundary do ' +
      'not all mean something in another process, or there was no copy of them. The message says which. Half of a state is none.',
    remedy:
      'Take what variables point to from module_alloc (or hotmod::allocator), which comes along. Where the message says that ' +
      'its state may be the reason, the module ended the host before, with the same state.',
  },
];

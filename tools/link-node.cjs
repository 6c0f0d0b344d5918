// Puts the Node that tools/node brings onto the PATH of npm scripts: node_modules/.bin/node. Newer versions of npm do
// that themselves. Older ones (9, Debian 12's) link it, and then take the link away again together with the package
// for the other architecture, which has a program of the same name. `npm ci` runs this last, as our own `prepare`, on
// the machine's Node: hence the old JavaScript.
var fs = require('node:fs');
var path = require('node:path');

var root = path.resolve(__dirname, '..');
var link = path.join(root, 'node_modules', '.bin', 'node');
var brought = ['node_modules', 'tools/node/node_modules']
  .map((folder) => path.join(root, folder, `node-${process.platform}-${process.arch}`, 'bin', 'node'))
  .filter((file) => fs.existsSync(file))[0];

if (brought !== undefined && !fs.existsSync(link)) {
  fs.mkdirSync(path.dirname(link), { recursive: true });
  // A link that leads nowhere does not exist for existsSync, and is in the way all the same.
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.relative(path.dirname(link), brought), link);
}

// Every npm script that needs our Node begins here. It is written in old JavaScript, because its whole purpose is to
// say one plain sentence on a machine whose Node is too old for anything else in the project. On Linux on x64 and
// arm64 `npm ci` brings a Node of its own (tools/node), and npm puts it before the machine's on PATH.
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 22)) {
  console.error(
    'hotmod needs Node 22.22 or newer and this is ' +
      process.versions.node +
      '. Run `npm ci` without --omit=optional (it brings a current Node on Linux), or install a current Node.',
  );
  process.exit(3);
}

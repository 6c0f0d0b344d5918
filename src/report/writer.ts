/** What a report writes to: process.stdout and process.stderr, or any stream of a test. */
export interface TextStream {
  write(text: string): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

export interface LineWriter {
  /** One line; the line feed is added here. */
  line(text: string): void;
  /** Text that ends in its own line feed, in one piece. */
  text(text: string): void;
  /** Stops listening for errors of the stream; the stream itself stays open, it belongs to the caller. */
  close(): void;
}

/**
 * The one place where reports touch a stream. A reader that goes away (`hotmod dev --json | head`) ends the report and
 * not the session: EPIPE and everything else that says that the stream takes no more is swallowed here, and what comes
 * after is dropped. Whoever wants to end the session instead passes `onClosed`.
 *
 * On POSIX systems Node writes to pipes, files and terminals synchronously, so a slow reader slows the session down to
 * its own pace and nothing is queued without limit.
 */
export function lineWriter(stream: TextStream, onClosed: (error: Error) => void = () => undefined): LineWriter {
  let open = true;
  const failed = (error: Error): void => {
    if (!open) return;
    open = false;
    onClosed(error);
  };
  stream.on('error', failed);

  const text = (piece: string): void => {
    if (open) stream.write(piece);
  };
  return {
    text,
    line: (line) => text(`${line}\n`),
    // The listener stays after a failure: a closed pipe reports every write that was under way, one by one.
    close() {
      if (open) stream.off('error', failed);
      open = false;
    },
  };
}

/**
 * Files as the code asks for them. Real in host/disk.ts, in memory and treacherous in host/memory-disk.ts; both pass test/contract/disk.
 *
 * What the hot paths need completes by callback, inside the call where the disk can: a write while the directory is fast, a read of
 * pages that are cached, the opening of a file. Whoever calls must be ready for both. Everything else is a promise, which
 * rejects with a `DiskFault` and nothing else: the one exception to "throw only for bugs", as each of these has a caller that
 * awaits it in one place.
 *
 * No operation is ordered against another on the same file unless its caller waits; a write that failed may have left any
 * part of its bytes behind.
 */

/** What the operating system refused. `code` is the errno's name: ENOSPC, EIO, ENOENT, … */
export class DiskFault extends Error {
  override readonly name = 'DiskFault';
  readonly code: string;
  readonly path: string;
  readonly operation: string;

  constructor(code: string, path: string, operation: string, detail?: string) {
    super(`${operation} ${path}: ${code}${detail === undefined ? '' : ` (${detail})`}`);
    this.code = code;
    this.path = path;
    this.operation = operation;
  }
}

export type DiskDone = (fault: DiskFault | null) => void;

/** An open file. Its users see to it that nothing is under way when it is closed. */
export interface DiskFile {
  readonly path: string;
  /** The descriptor, for the slot table and sendfile. Only `close` closes it. */
  readonly fd: number;
  /** Whether a write that is issued now completes before `write` returns. */
  readonly writesInCall: boolean;
  /** Writes all buffers one after the other from `position`. They must stay as they are until `done`. */
  write(buffers: readonly Buffer[], position: number, done: DiskDone): void;
  /** Fills `target` from `position`: `bytesRead` is less than its length only at the end of the file. */
  read(target: Buffer, position: number, done: (fault: DiskFault | null, bytesRead: number) => void): void;
  /** Whether the range is in memory, so that reading or sending it does not wait. True where that cannot be told. */
  isCached(position: number, length: number): boolean;
  /** Reads the range into the page cache, on another thread, and says when. */
  prefetch(position: number, length: number, done: DiskDone): void;
  /** Starts write-back of the range early, so that no later write has to wait for it. */
  writeBack(position: number, length: number): void;
  /** The file's bytes are on the medium (fdatasync, so its length too). */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface OpenMode {
  /** Create the file where it does not exist; it is never truncated. */
  readonly create: boolean;
  readonly write: boolean;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly directory: boolean;
}

export interface FileStatus {
  readonly sizeInBytes: number;
  /** Milliseconds since the epoch of the last change of its bytes. */
  readonly modifiedMs: number;
  readonly directory: boolean;
}

/** Held until `release`, or until the process ends. */
export interface FileLock {
  release(): Promise<void>;
}

export interface Disk {
  /** Opens a file; inside the call on a real disk. `file` is null with a fault. */
  open(path: string, mode: OpenMode, done: (fault: DiskFault | null, file: DiskFile | null) => void): void;

  readFile(path: string): Promise<Buffer>;
  /** Writes `bytes` at `position` into a file, creating it where it does not exist, and cuts it after them with `truncate`. */
  writeAt(
    path: string,
    position: number,
    bytes: Buffer,
    options: { readonly sync: boolean; readonly truncate: boolean },
  ): Promise<void>;
  /** Replaces a file so that after a crash it is the old or the new one: temporary file, fsync, rename, fsync of the directory. */
  replaceFile(path: string, bytes: Buffer): Promise<void>;
  /** fsync of a file by name. Nothing where it does not exist. */
  syncFile(path: string): Promise<void>;
  /** Within one file system; replaces `to` where it exists. */
  rename(from: string, to: string): Promise<void>;
  /** Nothing where the file does not exist. */
  unlink(path: string): Promise<void>;
  /** With the directories above it. Nothing where it exists. */
  makeDirectory(path: string): Promise<void>;
  /** With all that is in it. Nothing where it does not exist. */
  removeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly DirectoryEntry[]>;
  /** Null where nothing has this name. */
  status(path: string): Promise<FileStatus | null>;
  /** Creations, renames and removals in the directory are on the medium. */
  syncDirectory(path: string): Promise<void>;
  /** All files of the file system on which the path lies are on the medium (syncfs). */
  syncFileSystem(path: string): Promise<void>;
  /** Locks a file (creating it) against other processes, as Java does. Null where somebody else holds it. */
  lockFile(path: string): Promise<FileLock | null>;
}

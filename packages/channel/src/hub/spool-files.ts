import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** One nameless file. What cannot be done throws the error of the operating system. */
export interface SpoolFile {
  /** Writes all parts, one behind the other. */
  write(parts: readonly Uint8Array[], position: number): void;
  /** Fills the target. */
  read(target: Uint8Array, position: number): void;
  /** Gives the space back. */
  clear(): void;
  close(): void;
}

/** Where spools keep their files. */
export interface SpoolFiles {
  open(): SpoolFile;
  /** Bytes of the disk. */
  space(): { readonly free: number; readonly total: number };
}

/** Files in a directory that have no name from the start, so that nothing is left however the process ends. */
export function spoolFilesIn(directory: string): SpoolFiles {
  return {
    open() {
      const name = path.join(directory, `iii-channel-${randomUUID()}`);
      const { O_CREAT, O_EXCL, O_RDWR } = fs.constants;
      const fd = fs.openSync(name, O_CREAT | O_EXCL | O_RDWR, 0o600);
      try {
        fs.unlinkSync(name);
      } catch (error) {
        fs.closeSync(fd);
        throw error;
      }
      return new DescriptorFile(fd);
    },
    space() {
      const { bavail, blocks, bsize } = fs.statfsSync(directory);
      return { free: bavail * bsize, total: blocks * bsize };
    },
  };
}

/**
 * Reads and writes are synchronous: they end in the page cache, and a writer that cannot be stopped would otherwise
 * fill the memory that the file is there to save.
 */
class DescriptorFile implements SpoolFile {
  constructor(private readonly fd: number) {}

  write(parts: readonly Uint8Array[], position: number): void {
    const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    let written = fs.writevSync(this.fd, parts, position);
    if (written === bytes) return;
    // Rare: a disk that is nearly full, or a signal. Going on tells which.
    const whole = Buffer.concat(parts);
    while (written < bytes)
      written += fs.writeSync(this.fd, whole, written, bytes - written, position + written);
  }

  read(target: Uint8Array, position: number): void {
    let filled = 0;
    while (filled < target.byteLength) {
      const count = fs.readSync(this.fd, target, filled, target.byteLength - filled, position + filled);
      if (count === 0)
        throw new Error(`the file ends at ${position + filled}, before what was written to it`);
      filled += count;
    }
  }

  clear(): void {
    fs.ftruncateSync(this.fd, 0);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

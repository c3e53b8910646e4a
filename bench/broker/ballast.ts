/**
 * Free memory that the machine keeps. A virtual machine may report its free pages to its host (`page_reporting`), which takes them away;
 * whoever touches such a page next pays for its way back, in its own system time: 2 to 3 CPU-seconds per GB where new pages cost 0.3.
 * In rounds that take turns, that is whoever did not happen to get the pages which the other had just freed.
 *
 * Only whole free blocks of 2 MiB are reported. So before the rounds much memory is touched and given back but for one page in 64, which
 * are held until the end: what is free then is free in pieces, and stays.
 */
import { existsSync } from 'node:fs';
import { freemem } from 'node:os';
import { native } from './batches.ts';

const PAGE = 4096;
const KEPT = 64 * PAGE;
const BLOCK = 2 ** 30;
/** Of logs in the page cache while their deletion is still due. */
const WANTED = 8;

const held: SharedArrayBuffer[] = [];

/** How many bytes are free in pieces now: 0 where the machine keeps its pages anyway. */
export function holdPages(): number {
  if (!existsSync('/sys/module/page_reporting')) return 0;
  const blocks = Math.min(WANTED, Math.floor(freemem() / BLOCK) - 2);
  const all: Uint8Array[] = [];
  for (let n = 0; n < blocks; n++) {
    const block = new SharedArrayBuffer(BLOCK);
    const bytes = new Uint8Array(block);
    for (let at = 0; at < BLOCK; at += PAGE) bytes[at] = 1;
    held.push(block);
    all.push(bytes);
  }
  for (const bytes of all) {
    for (let at = 0; at < BLOCK; at += KEPT) native.releasePages(bytes, at + PAGE, at + KEPT);
  }
  return all.length * BLOCK;
}

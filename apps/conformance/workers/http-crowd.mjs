/**
 * Many HTTP clients that are slow or idle, without an HTTP library, so that holding them costs this process little.
 * Says what has happened when asked; ends with the process that asked.
 */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const [httpUrl, idle, slow, bytesPerSecond] = process.argv.slice(2);
const { hostname, port } = new URL(httpUrl);
const HOST = `Host: ${hostname}:${port}\r\n`;

/** Connections opened at a time. */
const BATCH = 100;
/** Downloads asked for at a time: a worker that makes a MiB for each is itself what others wait for if it has hundreds. */
const FEW = 20;
/** An idle connection asks for something before the server gives it up, which is after about 10 s. */
const REFRESH_MS = 5_000;
/** Between two bytes of an upload. */
const DRIP_MS = 500;
/** Bytes of a body that is whole within the timeout of the route (7 s), and of one that is not. */
const PATIENT_BYTES = 6;
const ENDLESS_BYTES = 10_000;

const report = {
  idle: { open: 0, lost: 0, refreshed: 0 },
  patient: { answered: 0, wrong: 0 },
  endless: { timedOut: 0, cut: 0, wrong: 0, slowestMs: 0 },
  downloads: { begun: 0, whole: 0, wrong: 0 },
};

/**
 * What arrives, of any connection: memory of its own for each would have this process collect garbage with all
 * processors while others are timed.
 */
const ARRIVED = Buffer.alloc(64 * 1024);

/** @param onBytes gets what arrives, which is gone when it returns; false: nothing more is wanted until `resume`. */
async function connect(onBytes) {
  const onread = { buffer: ARRIVED, callback: (length) => onBytes(ARRIVED.subarray(0, length)) };
  const socket = net.connect({ port: Number(port), host: hostname, onread });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function keepAlive() {
  const socket = await connect(() => {
    report.idle.refreshed++;
    return true;
  });
  report.idle.open++;
  socket.on('close', () => {
    report.idle.open--;
    report.idle.lost++;
  });
  await pause(Math.random() * REFRESH_MS);
  while (!socket.destroyed) {
    // Answered by the server alone: what is measured is the connection, not a handler.
    socket.write(`GET /none HTTP/1.1\r\n${HOST}\r\n`);
    await pause(REFRESH_MS);
  }
}

/** Sends a body byte by byte, and resolves with what came and whether the connection ended. */
async function drip(bytes) {
  let text = '';
  const socket = await connect((bytes) => {
    text += bytes.toString('latin1');
    return true;
  });
  socket.write(
    `POST /upload HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  const json = `"${'x'.repeat(bytes - 2)}"`;
  for (let at = 0; at < bytes && !socket.destroyed; at++) {
    socket.write(json[at]);
    await pause(DRIP_MS);
  }
  for (let waited = 0; text === '' && waited < 20; waited++) await pause(DRIP_MS);
  const wasCut = socket.destroyed;
  socket.destroy();
  return { status: text.slice(9, 12), wasCut };
}

async function upload(isPatient) {
  await pause(Math.random() * DRIP_MS);
  for (;;) {
    const from = performance.now();
    const { status, wasCut } = await drip(isPatient ? PATIENT_BYTES : ENDLESS_BYTES);
    const { patient, endless } = report;
    if (isPatient) patient[status === '201' ? 'answered' : 'wrong']++;
    else {
      if (status === '504') endless.timedOut++;
      endless[wasCut ? 'cut' : 'wrong']++;
      endless.slowestMs = Math.max(endless.slowestMs, performance.now() - from);
    }
  }
}

async function download() {
  let expected;
  let received = 0;
  const socket = await connect((bytes) => {
    if (expected === undefined) {
      report.downloads.begun++;
      const head = bytes.toString('latin1');
      expected = head.indexOf('\r\n\r\n') + 4 + Number(/content-length: *(\d+)/i.exec(head)?.[1]);
    }
    received += bytes.length;
    if (received === expected) socket.destroy();
    // As long as what came takes at this rate: how much that is, the kernel decides.
    else setTimeout(() => socket.resume(), (bytes.length / Number(bytesPerSecond)) * 1_000);
    return false;
  });
  socket.write(`GET /large HTTP/1.1\r\n${HOST}\r\n`);
  await once(socket, 'close');
  report.downloads[received === expected ? 'whole' : 'wrong']++;
}

/** Begins some at a time, and waits before the next. */
async function many(count, atATime, start, wait) {
  for (let from = 0; from < count; ) {
    const upTo = Math.min(count, from + atATime);
    while (from < upTo) void start(from++);
    await wait(upTo);
  }
}

const aMoment = () => pause(100);
const untilBegun = async (count) => {
  while (report.downloads.begun < count) await pause(20);
};

await many(Number(idle), BATCH, keepAlive, aMoment);
while (report.idle.open < Number(idle)) await pause(20);
process.send({ phase: 'idle', report });
await once(process, 'message');
await many(Number(slow), BATCH, (n) => upload(n % 2 === 0), aMoment);
await many(Number(slow), FEW, download, untilBegun);
process.send({ phase: 'slow', report });
process.on('disconnect', () => process.exit());
process.on('message', () => process.send({ phase: 'report', report }));

// Publishes a file as one bare NATS message, the way any NATS client does: node examples/publish.mjs SUBJECT FILE
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [subject, file] = process.argv.slice(2);
if (!subject || !file) {
  console.error('usage: node examples/publish.mjs SUBJECT FILE');
  process.exit(2);
}
let payload;
try {
  payload = readFileSync(file);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const socket = connect(Number(process.env.NATS_PORT ?? 4222), '127.0.0.1');
socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
socket.write(`PUB ${subject} ${payload.length}\r\n`);
socket.write(payload);
socket.write('\r\nPING\r\n');
socket.on('data', (data) => {
  const text = data.toString();
  if (text.includes('-ERR')) {
    console.error(text.slice(text.indexOf('-ERR')).trim());
    process.exit(1);
  }
  if (text.includes('PONG')) {
    console.log(`published ${payload.length} bytes on ${subject}`);
    socket.end();
  }
});
socket.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

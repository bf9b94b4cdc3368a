// Prints messages as they come, the way any NATS client does: node examples/subscribe.mjs SUBJECT
import { connect } from 'node:net';

const [subject = 'evt.>'] = process.argv.slice(2);
const socket = connect(Number(process.env.NATS_PORT ?? 4222), '127.0.0.1');
socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n');
socket.write(`SUB ${subject} 1\r\n`);
let buffered = Buffer.alloc(0);
socket.on('data', (data) => {
  buffered = Buffer.concat([buffered, data]);
  for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
    const words = buffered.subarray(0, end).toString().split(' ');
    if (words[0] === 'PING') socket.write('PONG\r\n');
    if (words[0] === '-ERR') console.error(words.join(' '));
    if (words[0] !== 'MSG' && words[0] !== 'HMSG') {
      buffered = buffered.subarray(end + 2);
      continue;
    }
    const size = Number(words.at(-1));
    if (buffered.length < end + 4 + size) return;
    const headers = words[0] === 'HMSG' ? Number(words.at(-2)) : 0;
    const body = buffered.subarray(end + 2 + headers, end + 2 + size);
    console.log(words[1], body.toString());
    buffered = buffered.subarray(end + 4 + size);
  }
});
socket.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

/** Every durability setting is at its safest; the rest is for one machine and little memory. */
export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  shared_buffers: '128MB',
  huge_pages: 'off',
  max_wal_size: '2GB',
  wal_compression: 'off',
  autovacuum: 'on',
  jit: 'off',
  // Nobody replicates from a local server; without these it starts fewer processes.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '0',
  // Reads come from memory here; separate input processes would only cost some.
  io_method: 'sync',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
};

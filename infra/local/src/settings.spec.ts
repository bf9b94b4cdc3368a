import { describe, expect, it } from '@jest/globals';
import { ServerError } from '@countersign/servers';
import { portsToOpen, readSettings } from './settings.js';

describe('readSettings', () => {
  it('has defaults for everything, and takes an empty variable as not set', () => {
    const settings = readSettings({ PORT: '', NATS_URL: '' }, []);
    expect(settings).toMatchObject({ httpPort: 8080, natsPort: 4222, postgresPort: 5432 });
    expect(settings.natsUrl).toBeUndefined();
    expect(settings.stateFolder).toMatch(/\/\.data$/);
    expect(settings.separateProcesses).toBe(false);
  });

  it('opens no port for a server that somebody else runs', () => {
    const settings = readSettings({ NATS_URL: 'nats://h:1', DATABASE_URL: 'postgresql://h/d' }, []);
    expect(portsToOpen(settings)).toEqual([{ port: 8080, variable: 'PORT' }]);
  });

  it.each([
    [{ PORT: 'abc' }, []],
    [{ PORT: '0' }, []],
    [{ POSTGRES_PORT: '70000' }, []],
    [{ NATS_PORT: '-1' }, []],
    [{ PORT: '4222' }, []],
    [{}, ['--process']],
  ])('refuses %j %j', (env, args) => {
    expect(() => readSettings(env, args)).toThrow(ServerError);
  });
});

/** The tables of APIs and of errors agree with themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, errorMessage, errorName, isRetriable } from '../../../src/protocol/errors.ts';
import { API_NAMES, APIS, apiNameOfKey, apiOf, isVersionSupported } from '../../../src/protocol/schema/index.ts';

test('95 APIs in the order of their keys, each with the names of its messages', () => {
  assert.equal(API_NAMES.length, 95);
  API_NAMES.forEach((name, key) => {
    const api = apiOf(name);
    assert.equal(api.key, key);
    assert.equal(api.request.name, `${name}Request`);
    assert.equal(api.response.name, `${name}Response`);
    assert.deepEqual(api.request.versions, api.response.versions);
    assert.equal(apiNameOfKey(key), name);
  });
  assert.equal(apiNameOfKey(95), null);
  assert.equal(apiNameOfKey(-1), null);
});

test('what is advertised is stable and, but for Produce, served', () => {
  for (const name of API_NAMES) {
    const { advertised, validVersions, latestVersionUnstable, listeners } = apiOf(name);
    assert.equal(advertised === null, listeners.length === 0);
    if (advertised === null) continue;
    assert.equal(advertised.max, latestVersionUnstable ? validVersions.max - 1 : validVersions.max, name);
    assert.equal(advertised.min, name === 'Produce' ? 0 : validVersions.min, name);
  }
  assert.deepEqual(
    API_NAMES.filter((name) => apiOf(name).advertised === null),
    ['LeaderAndIsr', 'StopReplica', 'UpdateMetadata', 'ControlledShutdown'],
  );
  assert.equal(isVersionSupported('Produce', 2), false);
  assert.equal(isVersionSupported('Produce', 13), true);
  assert.equal(isVersionSupported('JoinGroup', 0), true);
  assert.deepEqual(APIS.InitProducerId.advertised, { min: 0, max: 5 });
});

test('138 errors', () => {
  const codes = Object.values(ERRORS);
  assert.equal(codes.length, 138);
  assert.deepEqual(
    codes.toSorted((a, b) => a - b),
    Array.from({ length: 138 }, (_, i) => i - 1),
  );
  assert.equal(errorName(6), 'NOT_LEADER_OR_FOLLOWER');
  assert.equal(errorName(9999), 'UNKNOWN_SERVER_ERROR');
  assert.equal(isRetriable(ERRORS.NOT_LEADER_OR_FOLLOWER), true);
  assert.equal(isRetriable(ERRORS.INVALID_TOPIC_EXCEPTION), false);
  assert.equal(errorMessage(ERRORS.NONE), '');
  assert.match(errorMessage(ERRORS.UNKNOWN_TOPIC_OR_PARTITION), /topic-partition/);
});

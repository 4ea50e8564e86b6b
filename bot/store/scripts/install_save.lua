-- Keep where the app is installed, and what it may do there.
--
-- KEYS  1 records    hash: place -> what is kept, encrypted
--       2 versions   hash: place -> which of all that was ever kept of it this is
--       3 left       sorted set: places whose data is being deleted, by when they left
-- ARGV  1 place      a workspace, or a whole organisation
--       2 sealed     what to keep
--       3 expected   the version that this is made from, 0: from none; empty: whatever is there is
--                    replaced
-- returns the new version, or 0 where another has come first; keeping the same again is harmless
--
-- A version is the time in microseconds, and more than the one before. A place that was forgotten and
-- comes back gets none that it had: whoever did not look meanwhile would take what it knows for good.

local records, versions, left = KEYS[1], KEYS[2], KEYS[3]
local place, sealed, expected = ARGV[1], ARGV[2], ARGV[3]

local before = redis.call('HGET', versions, place)
if redis.call('HGET', records, place) == sealed then
  return tonumber(before)
end
if expected ~= '' and (before or '0') ~= expected then
  return 0
end
local now = redis.call('TIME')
local version = math.max(now[1] * 1000000 + now[2], (tonumber(before) or 0) + 1)
redis.call('HSET', records, place, sealed)
redis.call('ZREM', left, place)
redis.call('HSET', versions, place, string.format('%.0f', version))
return version

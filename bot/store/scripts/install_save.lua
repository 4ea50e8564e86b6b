-- Keep where the app is installed, and what it may do there.
--
-- KEYS  1 records    hash: place -> what is kept, encrypted
--       2 versions   hash: place -> how often that has changed
--       3 left       sorted set: places whose data is being deleted, by when they left
-- ARGV  1 place      a workspace, or a whole organisation
--       2 sealed     what to keep
--       3 expected   the version that this is made from; empty: whatever is there is replaced
-- returns the new version, or 0 where another has come first; keeping the same again is harmless

local records, versions, left = KEYS[1], KEYS[2], KEYS[3]
local place, sealed, expected = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', records, place) == sealed then
  return tonumber(redis.call('HGET', versions, place))
end
if expected ~= '' and redis.call('HGET', versions, place) ~= expected then
  return 0
end
redis.call('HSET', records, place, sealed)
redis.call('ZREM', left, place)
return redis.call('HINCRBY', versions, place, 1)

-- Forget where the app was installed: it is there no more, and the data of the place is to go.
--
-- KEYS  1 records   hash: place -> what is kept, encrypted
--       2 versions  hash: place -> which of all that was ever kept of it this is
--       3 left      sorted set: places whose data is being deleted, by when they left
-- ARGV  1 place     a workspace, or a whole organisation
--       2 keeps     1: nothing is changed where it is installed, since only another installation,
--                   which served it too, does so no more
--       3 version   of what is to go: what was kept since stays; empty: whatever is there goes
-- returns 1 if it was installed there, 0 if not, or by another version; doing it again is harmless

local records, versions, left = KEYS[1], KEYS[2], KEYS[3]
local place, keeps, version = ARGV[1], ARGV[2] == '1', ARGV[3]

if keeps and redis.call('HEXISTS', records, place) == 1 then
  return 1
end
if version ~= '' and (redis.call('HGET', versions, place) or version) ~= version then
  return 0
end
local was = redis.call('HDEL', records, place)
redis.call('HDEL', versions, place)
local now = redis.call('TIME')
redis.call('ZADD', left, 'NX', now[1], place)
return was

-- Change fields of a job as its holder, or only ask whether one still is.
--
-- KEYS  1 job      hash
-- ARGV  1 lease    of the holder
--       2 number   of this write: 1, 2, … under one lease; 0 to ask only
--       3… field, value pairs; an empty value deletes the field
-- returns 1, or 0 when the lease is lost
--
-- A copy of a write that arrives late, after newer ones, changes nothing. A write that was
-- applied counts as such even when its reply was lost and the lease is gone by now.

local job = KEYS[1]
local lease, number = ARGV[1], tonumber(ARGV[2])

local function stands()
  for i = 3, #ARGV, 2 do
    if redis.call('HGET', job, ARGV[i]) ~= ARGV[i + 1] then
      return 0
    end
  end
  return #ARGV > 2 and 1 or 0
end

if redis.call('HGET', job, 'lease') ~= lease then
  return stands()
end
if number <= tonumber(redis.call('HGET', job, 'writes')) then
  return 1
end
redis.call('HSET', job, 'writes', number)
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', job, ARGV[i])
  else
    redis.call('HSET', job, ARGV[i], ARGV[i + 1])
  end
end
return 1

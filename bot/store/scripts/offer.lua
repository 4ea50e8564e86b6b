-- Say for how many more jobs a worker has room.
--
-- KEYS  1 rooms    hash: consumer to "jobs until", Unix time in milliseconds
-- ARGV  1 consumer that has room
--       2 jobs     that it has room for; 0 takes the offer back
--       3 valid    milliseconds for which it can be counted on
-- returns 1
--
-- It is what the consumer knew last: overflow.lua lowers it by what it sends there.
--
-- uses clock.lua

local rooms = KEYS[1]
local consumer, jobs, valid = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

if jobs == 0 then
  redis.call('HDEL', rooms, consumer)
  return 1
end
local till = server_ms() + valid
redis.call('HSET', rooms, consumer, string.format('%d %d', jobs, till))
redis.call('PEXPIRE', rooms, valid)
return 1

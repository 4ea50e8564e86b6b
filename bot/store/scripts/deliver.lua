-- End the work on an answer: from here on the stored text stands, and nobody asks Grok again.
-- What the job had reserved is settled.
--
-- KEYS  1 job      hash
--       2 failed   sorted set of jobs that were given up, by when, in ms
--       3–12 counters, 13–15 books of its hold, if it has one (quotas.lua)
-- ARGV  1 lease    of the holder
--       2 answer   JSON
--       3 used     what the holder used, JSON: `bot.rules.charge.Charge`
--       4 seconds  for which a job that is given up is remembered; empty: it is not given up
-- returns the stored answer, which is the given one unless one was stored before;
--         nothing when the lease is lost
--
-- Giving a job up puts a sentence in the place of the answer that was stored, if one was. For
-- showing that it is taken as often as any other job is, from this taking on.
--
-- A job that nobody has asked Grok for is charged nothing, whatever its holder says. When an
-- earlier holder has asked, and this one has not (begin.lua), the most that it has used is charged.
--
-- uses clock.lua
-- uses quotas.lua

local job = KEYS[1]
local failed = KEYS[2]
local lease, answer, charged, seconds = unpack(ARGV)
local counters, books = {unpack(KEYS, 3, 12)}, {unpack(KEYS, 13, 15)}

local function used(hold)
  local asked = redis.call('HGET', job, 'asked')
  if not asked then
    return NONE
  end
  if asked ~= lease then
    return most_used(job, hold)
  end
  return amount_of(cjson.decode(charged))
end

local function settle()
  local hold = redis.call('HGET', job, 'hold')
  if hold then
    hold = cjson.decode(hold)
    release(hold, counters, redis.call('HGET', job, 'id'))
    charge(hold, counters, books, used(hold))
    redis.call('HDEL', job, 'hold', 'asked', 'asked_time', 'used')
  end
end

local function give_up(state)
  local now = server_ms()
  redis.call('HSET', job, 'given_up', state, 'answer', answer, 'attempts', 1)
  redis.call('ZADD', failed, now, redis.call('HGET', job, 'id'))
  redis.call('ZREMRANGEBYSCORE', failed, '-inf', now - 1000 * seconds)
  redis.call('EXPIRE', failed, seconds)
end

if redis.call('HGET', job, 'lease') ~= lease then
  return false
end
local state = redis.call('HGET', job, 'state')
if state == 'running' then
  redis.call('HSET', job, 'state', 'delivering', 'answer', answer)
  settle()
end
if seconds ~= '' and state ~= 'done' and redis.call('HEXISTS', job, 'given_up') == 0 then
  give_up(state)
end
return redis.call('HGET', job, 'answer')

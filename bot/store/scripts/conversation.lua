-- Who answers in a conversation, one after the other. No script of its own: it stands before those
-- that say they use it.
--
-- uses news.lua

-- Keep a conversation for `kept` seconds.
local function keep(thread, facts, kept)
  redis.call('HSETNX', facts, 'dropped', 0)
  redis.call('EXPIRE', facts, kept)
  redis.call('EXPIRE', thread, kept)
end

-- A job becomes active in the conversation `line`, beside whatever else is.
local function enter(job, line, active)
  redis.call('HSET', job, 'line', line)
  redis.call('SADD', active, redis.call('HGET', job, 'id'))
end

-- A job leaves its conversation; when none is active any more, the first that waits is queued.
local function leave(job, active, waiting, queue)
  redis.call('HDEL', job, 'line')
  redis.call('SREM', active, redis.call('HGET', job, 'id'))
  local first = redis.call('EXISTS', active) == 0 and redis.call('ZPOPMIN', waiting)[1]
  if first then
    redis.call('SADD', active, first)
    enqueue(queue, 'job', first)
  end
end

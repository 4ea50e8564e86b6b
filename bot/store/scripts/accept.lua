-- Take a question once: remember its delivery, reserve its quotas, store the job, queue it or
-- line it up.
--
-- KEYS  1 seen    id of the job that this delivery already became
--       2 job     hash of the new job
--       3 queue   stream of job ids
--       4… of the conversation that the question continues, if any:
--         thread, facts, active (set of job ids), waiting (job ids by when they were asked)
--       … where it reserves something: policy, and the counters of its hold (quotas.lua)
--       … where there is a bound: paused, singly (jobs that rest after a crash), and taken
--         (sorted set of what its asker asked in the last window, by server time in ms)
-- ARGV  1 id      of the new job; asking again by the same id is harmless
--       2 ask     JSON
--       3 seconds for which the delivery is remembered
--       4 line    id of the conversation, if any
--       5 kept    seconds for which the conversation is remembered
--       6 asked   when the question was asked, Unix time in seconds
--       7 hold    what it reserves, JSON, if anything
--       8 named   "1": the bot was named in the question, and speaks there again (leave.lua)
--       9 own     "1": the thread begins with the question
--       10 needs  what a version must know to answer it, if not every version does
--       11 files  those of the last questions of the conversation, this one too, JSON, if any
--       12 trace  what names the span that the question came in by, if there is one
--       13 most   questions that may run or wait at once, if that is bounded
--       14 often  questions of one asker in any window
--       15 window in ms
--       16 name   of the question among those of its asker, the same whenever it is asked
-- returns {outcome, detail}: "accepted" and the new id; "duplicate" and the id of the job that
--         holds it; and when nothing has changed: "stale", the hold was made by another policy
--         than the one that holds; "closed", no questions are taken there; "denied" and the
--         limits that are short; "crowded", as many run or wait as may; "often" and how many ms
--         to wait. All but the last count as asked.
--
-- What goes along of a conversation is reserved as it stands, when nothing is being answered
-- there; else, since it will grow, all that may go along.
--
-- While a job of the conversation is active, the new one has no entry in the queue: it waits
-- until finish.lua or write.lua finds that none is active any more. What was asked first is
-- answered first, in whichever order Slack delivered it. `active` and `waiting`
-- never expire, since what waits must not be forgotten; they are gone once they are empty.
--
-- uses clock.lua
-- uses conversation.lua
-- uses allowance.lua
-- uses quotas.lua
-- uses news.lua

local seen, job, queue = KEYS[1], KEYS[2], KEYS[3]
local id, ask, seconds, line, kept, asked, hold, named, own, needs, files, trace, most, often,
  window, name = unpack(ARGV)
local thread, facts, active, waiting
if (line or '') ~= '' then
  thread, facts, active, waiting = unpack(KEYS, 4, 7)
end
local policy = KEYS[thread and 8 or 4]
local last = most and #KEYS - 3 or #KEYS
local counters = {unpack(KEYS, thread and 9 or 5, last)}

local function said_before()
  local tokens = 0
  for _, turn in ipairs(redis.call('LRANGE', thread, 0, -1)) do
    tokens = tokens + tonumber(turn:match('^%d+'))
  end
  return tokens
end

-- Lower the room for what goes along to what there is.
local function fit_room(wanted)
  if not thread or wanted.least_room == wanted.room or redis.call('EXISTS', active) == 1 then
    return
  end
  local room = math.min(wanted.room, wanted.least_room + wanted.rate * said_before())
  local fewer = (wanted.room - room) * wanted.copies * (wanted.rounds or 1)
  wanted.room, wanted.tokens = room, wanted.tokens - fewer
  if known(wanted.micro_dollars) then
    local price = wanted.prices.input
    wanted.micro_dollars = wanted.micro_dollars - math.floor(fewer * price)
  end
end

-- Reserve what is wanted; what speaks against it, if anything does.
local function refusal(wanted)
  local version = redis.call('HGET', policy, 'version') or '0'
  if version ~= string.format('%d', wanted.policy_version) then
    return {'stale', ''}
  end
  if known(wanted.closed) then
    return {'closed', ''}
  end
  fit_room(wanted)
  local short = shortages(wanted, counters, whole(wanted), 1)
  if #short > 0 then
    return {'denied', short}
  end
  reserve(wanted, counters, id)
  redis.call('HSET', job, 'hold', cjson.encode(wanted))
end

local holder = redis.call('GET', seen)
if holder and holder ~= id then
  return {'duplicate', holder}
end
if holder or redis.call('EXISTS', job) == 1 then
  return {'accepted', id}
end

-- A store that is full refuses only what a script writes first (Redis, `scriptVerifyOOM`): if
-- that were the removal of what is old, which it lets be, the question would be stored, and then
-- nobody could take it. This asks for room, and writes nothing: there is no such key.
redis.call('SET', seen, id, 'XX')

if most then
  local wait = take_of(KEYS[last + 3], name, tonumber(often), tonumber(window))
  if wait > 0 then
    return {'often', math.ceil(wait)}
  end
  local resting = redis.call('ZCARD', KEYS[last + 1]) + redis.call('ZCARD', KEYS[last + 2])
  if redis.call('XLEN', queue) + resting >= tonumber(most) then
    return {'crowded', ''}
  end
end

if (hold or '') ~= '' then
  local refused = refusal(cjson.decode(hold))
  if refused then
    return refused
  end
end

redis.call('SET', seen, id, 'EX', seconds)
redis.call('HSET', job,
  'id', id, 'state', 'queued', 'ask', ask, 'created', string.format('%d', server_ms()),
  'epoch', 0, 'attempts', 0, 'redeliver', 0)
if (trace or '') ~= '' then
  redis.call('HSET', job, 'trace', trace)
end
if (needs or '') ~= '' then
  redis.call('HSET', job, 'needs', needs)
end
if thread then
  redis.call('HSET', job, 'line', line)
  keep(thread, facts, kept)
  if named == '1' then
    redis.call('HDEL', facts, 'silent')
  end
  if own == '1' then
    redis.call('HSET', facts, 'own', 1)
  end
  if (files or '') ~= '' then
    redis.call('HSET', facts, 'files', files)
  end
  if redis.call('EXISTS', active) == 1 then
    redis.call('ZADD', waiting, asked, id)
    return {'accepted', id}
  end
  redis.call('SADD', active, id)
end
enqueue(queue, 'job', id)
return {'accepted', id}

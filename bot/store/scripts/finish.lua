-- End a job whose answer was shown: it leaves the queue and is remembered for a while, and so
-- are its question and, in a conversation, its turn; the next one that waits there starts.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
--       3 recent   list of the newest questions of the asker, newest first
--       4… of the conversation that the job is in, if any: thread, facts, active, waiting
-- ARGV  1 lease    of the holder
--       2 entry    id in the stream
--       3 group    of the stream
--       4 served   calls for another delivery that the holder knows of
--       5 seconds  for which the job is remembered
--       6 kept     seconds for which questions and conversations are remembered
--       7 question entry of `recent`
--       8 most     questions that `recent` holds
--       9 line     id of the conversation, or empty
--      10 turn     entry of `thread`, "tokens job …", or empty when there is nothing to remember
--      11 replaced job whose turn this one replaces, if it is there
--      12 bound    tokens that `thread` holds; the newest turn stays, however long it is
--      13 shown    1: the answer is shown, and its holder goes on waiting for what Slack may
--                  carry out late; else 0
-- returns {outcome, detail, late}: "done"; "shown"; "again" when another delivery was called for
--         since `served`, how many were until now, and for how many ms Slack may carry out calls
--         of other holders (late.lua); "elsewhere" when the job is in another
--         conversation than `line`, and in which; "early" for a job without an answer; "lost"
--
-- With `shown` nobody waits for the job any more, and it is given up no more: were it not to be
-- shown again, what is there would stand.
--
-- A job may finish again after that, or after reassert.lua. It has left its conversation by then, and what
-- was remembered of it may have been forgotten since: nothing of that is done a second time.
--
-- uses conversation.lua
-- uses late.lua

local job, queue, recent = KEYS[1], KEYS[2], KEYS[3]
local thread, facts, active, waiting = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local lease, entry, group = ARGV[1], ARGV[2], ARGV[3]
local served, seconds, kept = tonumber(ARGV[4]), ARGV[5], ARGV[6]
local question, most, line = ARGV[7], tonumber(ARGV[8]), ARGV[9]
local turn, replaced, bound = ARGV[10], ARGV[11], tonumber(ARGV[12])
local shown = ARGV[13] == '1'

local function tokens_of(remembered)
  return tonumber(remembered:match('^%d+'))
end

local function place_turn(turns)
  for i, remembered in ipairs(turns) do
    if remembered:match('^%d+ (%S+)') == replaced then
      redis.call('LSET', thread, i - 1, turn)
      turns[i] = turn
      return
    end
  end
  redis.call('RPUSH', thread, turn)
  turns[#turns + 1] = turn
end

local function drop_oldest(turns)
  local tokens = 0
  for _, remembered in ipairs(turns) do
    tokens = tokens + tokens_of(remembered)
  end
  local dropped = 0
  while tokens > bound and dropped < #turns - 1 do
    dropped = dropped + 1
    tokens = tokens - tokens_of(turns[dropped])
  end
  if dropped > 0 then
    redis.call('LTRIM', thread, dropped, -1)
    redis.call('HINCRBY', facts, 'dropped', dropped)
  end
end

if redis.call('HGET', job, 'lease') ~= lease then
  return {'lost', 0, 0}
end
local state = redis.call('HGET', job, 'state')
if state == 'done' then
  return {'done', 0, 0}
end
if state ~= 'delivering' then
  return {'early', 0, 0}
end
local calls = tonumber(redis.call('HGET', job, 'redeliver'))
local late, fields = late_of_others(job, lease)
if calls > served and not shown then
  return {'again', calls, late}
end
local stands_in = redis.call('HGET', job, 'line') or ''
if stands_in ~= line then
  return {'elsewhere', stands_in, 0}
end

if redis.call('HSETNX', job, 'remembered', 1) == 1 then
  redis.call('LPUSH', recent, question)
  redis.call('LTRIM', recent, 0, most - 1)
  redis.call('EXPIRE', recent, kept)
  if thread and turn ~= '' then
    local turns = redis.call('LRANGE', thread, 0, -1)
    place_turn(turns)
    drop_oldest(turns)
  end
end
if thread then
  keep(thread, facts, kept)
  leave(job, active, waiting, queue)
end
local first = redis.call('HSETNX', job, 'shown', 1) == 1
if shown then
  if first then
    redis.call('HSET', job, 'attempts', 1)
  end
  return {'shown', calls, late}
end
if #fields > 0 then
  redis.call('HDEL', job, unpack(fields))
end
redis.call('HSET', job, 'state', 'done')
redis.call('EXPIRE', job, seconds)
redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
return {'done', calls, 0}

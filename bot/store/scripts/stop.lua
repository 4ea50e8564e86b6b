-- Stop a job, whoever runs it: its holder hears of it by the stream, and who takes it later
-- finds the reason in the job.
--
-- KEYS  1 job      hash
--       2 stops    stream of the ids of stopped jobs
-- ARGV  1 reason   not empty; the first one stands
--       2 most     how many ids the stream holds, about
-- returns the state that the job is in, nothing when it is not known
--
-- A job whose answer is stored already is left alone. Stopping again changes nothing.
--
-- uses news.lua

local job, stops = KEYS[1], KEYS[2]
local reason, most = ARGV[1], ARGV[2]

local state = redis.call('HGET', job, 'state')
if (state == 'queued' or state == 'running') and redis.call('HSETNX', job, 'stop', reason) == 1 then
  redis.call('XADD', stops, 'MAXLEN', '~', most, '*', 'job', redis.call('HGET', job, 'id'))
  tell('stops', stops)
end
return state

-- Calls to Slack that nobody knows the outcome of. No script of its own: it stands before those
-- that say they use it.
--
-- "late:" and a lease, in the hash of a job: until when, Unix time in ms, calls that were made
-- under that lease may still be carried out by Slack, after newer ones of others. A field that is
-- not there: every call was answered.
--
-- uses clock.lua

local LATE = 'late:'

-- For `ms` from now calls under `lease` may be carried out; 0: none will be.
local function expect_late(job, lease, ms)
  if ms > 0 then
    redis.call('HSET', job, LATE .. lease, string.format('%d', server_ms() + ms))
  else
    redis.call('HDEL', job, LATE .. lease)
  end
end

-- The same, where more may be known already.
local function expect_later(job, lease, ms)
  local known = tonumber(redis.call('HGET', job, LATE .. lease) or 0)
  expect_late(job, lease, math.max(ms, known - server_ms()))
end

-- For how many ms calls of others than the holder of `lease` may be carried out, and the fields
-- that say so.
local function late_of_others(job, lease)
  local now, latest, fields = server_ms(), 0, {}
  local all = redis.call('HGETALL', job)
  for i = 1, #all, 2 do
    if all[i]:sub(1, #LATE) == LATE then
      fields[#fields + 1] = all[i]
      if all[i] ~= LATE .. lease then
        latest = math.max(latest, tonumber(all[i + 1]) - now)
      end
    end
  end
  return latest, fields
end

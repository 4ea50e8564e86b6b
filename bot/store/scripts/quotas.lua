-- Counting for quotas. No script of its own: it stands before those that say they use it.
--
-- hold      what a question reserves: `bot.rules.hold.Hold`, decoded
-- counters  keys: three for each of its shares (workspace, channel, person), and one for all
--   day, month  hashes: requests, tokens, micro_dollars that were used, searches, posts, and
--               search_micro_dollars, what of the dollars those cost; each with "held_" before
--               it, reserved; unpriced, requests of which nobody knows the cost
--   running     set of the ids of jobs that have reserved something
--   reserved    how many tokens, in all
-- books     keys of who used how much in the month
--   ledger      hash: "channel person model amount", for each amount that was used; of a job of an
--               earlier version "channel person amount"
--   by, by      sorted sets of people by tokens: in the workspace, in the channel
-- amount    table: requests, tokens, micro_dollars, nil when nobody knows, searches, posts and
--           search_micro_dollars
--
-- Every write to a counter sets when it goes, so one that comes after that leaves nothing.

local DAY_KEPT = 7 * 86400
local MONTH_KEPT = 400 * 86400

local DAY, MONTH, RUNNING, KEYS_OF_SHARE = 1, 2, 3, 3
local OF_SEARCH = {'searches', 'posts', 'search_micro_dollars'}
local AMOUNTS = {'requests', 'tokens', 'micro_dollars', 'unpriced', unpack(OF_SEARCH)}
-- What there may be limits of, whatever `bot.rules.quota` names, in its order: {name, window, amount}.
local LIMITS = {}
for _, units in ipairs({{'requests', 'tokens', 'usd'}, {'searches'}}) do
  for window, name in ipairs({'day', 'month'}) do
    for _, unit in ipairs(units) do
      local amount = unit == 'usd' and 'micro_dollars' or unit
      LIMITS[#LIMITS + 1] = {unit .. '-per-' .. name, window, amount}
    end
  end
end

local NONE = {requests = 0, tokens = 0, micro_dollars = 0, searches = 0}

local function known(amount)
  return amount ~= cjson.null and amount or nil
end

-- An amount, as JSON has it. Jobs of an earlier version know nothing of searching.
local function amount_of(told)
  local amount = {
    requests = told.requests, tokens = told.tokens, micro_dollars = known(told.micro_dollars),
  }
  for _, name in ipairs(OF_SEARCH) do
    amount[name] = told[name] or 0
  end
  return amount
end

-- All that a hold reserves.
local function whole(hold)
  local amount = amount_of(hold)
  amount.requests = 1
  return amount
end

-- The most that a holder has used of a hold, which has asked Grok: as it told while it did
-- (`Held.seen`), else all of it.
local function most_used(job, hold)
  local told = redis.call('HGET', job, 'used')
  local amount = told and amount_of(cjson.decode(told)) or whole(hold)
  amount.requests = 1
  return amount
end

local function day_gone(hold)
  return hold.windows.day_ends + DAY_KEPT
end

local function month_gone(hold)
  return hold.windows.month_ends + MONTH_KEPT
end

local function counter(counters, share, which)
  return counters[(share - 1) * KEYS_OF_SHARE + which]
end

-- Every limit that `amount` does not fit in, beside what is used and reserved; `jobs` more run.
-- Each is {share (from 0), quota, limit, used, reserved, wanted, or false when nobody knows}.
local function shortages(hold, counters, amount, jobs)
  local found = {}
  local function compare(share, name, used, reserved, wanted)
    local limit = hold.shares[share].limits[name]
    if wanted ~= 0 and not (wanted and used + reserved + wanted <= limit) then
      found[#found + 1] = {share - 1, name, limit, used, reserved, wanted or false}
    end
  end
  for share in ipairs(hold.shares) do
    local limits = hold.shares[share].limits
    for _, each in ipairs(LIMITS) do
      local name, window, counted = unpack(each)
      if limits[name] then
        local key = counter(counters, share, window)
        local now = redis.call('HMGET', key, counted, 'held_' .. counted)
        compare(share, name, tonumber(now[1] or 0), tonumber(now[2] or 0), amount[counted])
      end
    end
    if limits['concurrent'] then
      local running = redis.call('SCARD', counter(counters, share, RUNNING))
      compare(share, 'concurrent', 0, running, jobs)
    end
  end
  return found
end

-- Add `amount`, taken so many `times`, to the fields of a hash that begin with `prefix`.
local function add(key, prefix, amount, times, gone_at)
  for _, name in ipairs(AMOUNTS) do
    if (amount[name] or 0) ~= 0 then
      redis.call('HINCRBY', key, prefix .. name, times * amount[name])
    end
  end
  redis.call('EXPIREAT', key, gone_at)
end

-- Add `amount` to what is reserved, or with -1 as `times` take it away.
local function hold_more(hold, counters, amount, times)
  for share in ipairs(hold.shares) do
    add(counter(counters, share, DAY), 'held_', amount, times, day_gone(hold))
    add(counter(counters, share, MONTH), 'held_', amount, times, month_gone(hold))
  end
end

local function reserve(hold, counters, id)
  hold_more(hold, counters, whole(hold), 1)
  redis.call('INCRBY', counters[#counters], hold.tokens)
  for share in ipairs(hold.shares) do
    redis.call('SADD', counter(counters, share, RUNNING), id)
  end
end

local function release(hold, counters, id)
  hold_more(hold, counters, whole(hold), -1)
  redis.call('DECRBY', counters[#counters], hold.tokens)
  for share in ipairs(hold.shares) do
    redis.call('SREM', counter(counters, share, RUNNING), id)
  end
end

-- Add `amount` to what was used, and write it down.
local function charge(hold, counters, books, amount)
  if amount.requests == 0 and amount.tokens == 0 and amount.micro_dollars == 0 then
    return
  end
  local counted = amount_of(amount)
  counted.unpriced = amount.micro_dollars and 0 or 1
  for share in ipairs(hold.shares) do
    add(counter(counters, share, DAY), '', counted, 1, day_gone(hold))
    add(counter(counters, share, MONTH), '', counted, 1, month_gone(hold))
  end
  local channel, person = hold.shares[2].scope.id, hold.shares[3].scope.id
  local ledger, by_workspace, by_channel = unpack(books)
  local model = (hold.model or '') == '' and '' or hold.model .. ' '
  add(ledger, channel .. ' ' .. person .. ' ' .. model, counted, 1, month_gone(hold))
  for _, by in ipairs({by_workspace, by_channel}) do
    redis.call('ZINCRBY', by, amount.tokens, person)
    redis.call('EXPIREAT', by, month_gone(hold))
  end
end

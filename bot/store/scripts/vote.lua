-- Take in what somebody thinks of an answer, or that they think so no more.
--
-- KEYS  1 votes    hash of one month: "a JOB" what is known of an answer, "v JOB USER" a vote
-- ARGV  1 job
--       2 user
--       3 vote     JSON
--       4 judged   JSON; empty: the vote is changed if it is there, and else nothing
--       5 needs    what the vote that is there has to be, "CHOICE WAY" or "CHOICE"; empty: any
--       6 most     fields of the hash
--       7 ends     Unix time in seconds at which it is forgotten
-- returns "new"; "changed"; "same" when it was that already; "late" when a later one is there;
--         "none" when what `needs` says is not there; "full"
--
-- Of two votes the later one by Slack's clock stands, whichever comes first, so calling again is
-- harmless. One that was taken back leaves a mark, with the choice "none", also where it comes only
-- after that.

local votes = KEYS[1]
local job, user, vote, judged = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local needs, most, ends = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])

local field = 'v ' .. job .. ' ' .. user
local there = redis.call('HGET', votes, field)
local before = there and cjson.decode(there) or {choice = 'none', way = '', at = 0}
local after = cjson.decode(vote)

local function has(wanted)
  return wanted == before.choice or wanted == before.choice .. ' ' .. before.way
end

if there == vote then
  return 'same'
end
if before.at > after.at then
  return 'late'
end
local taken_back_first = after.choice == 'none' and not there
if not taken_back_first then
  if needs ~= '' and not has(needs) then
    return 'none'
  end
  if judged == '' and not there then
    return 'none'
  end
end
local as_sure = before.way == after.way or after.way == 'reaction'
if judged ~= '' and before.choice == after.choice and as_sure then
  return 'same'
end
if not there and redis.call('HLEN', votes) >= most then
  return 'full'
end
redis.call('HSET', votes, field, vote)
if judged ~= '' then
  redis.call('HSETNX', votes, 'a ' .. job, judged)
end
redis.call('EXPIREAT', votes, ends)
if taken_back_first then
  return 'none'
end
return before.choice == 'none' and 'new' or 'changed'

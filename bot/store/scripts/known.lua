-- What is known of somebody.
--
-- KEYS  1 person    what Slack said last
--       2 refused   set while Slack need not be asked again, since it does not say
-- returns {text or false, for how many more ms it is kept, 1 while refused or else 0}

local person, refused = KEYS[1], KEYS[2]

return {redis.call('GET', person), redis.call('PTTL', person), redis.call('EXISTS', refused)}

-- Close a budget for everybody because the provider refused a call.
--
-- KEYS[1] state  hash  the budget's schedule, gate and totals
-- ARGV[1] granted_at of the refused call, us of the Redis clock  [2] Retry-After in us, -1 if none was sent
--     [3] jitter from 0 to 1  [4] dimension: requests, tokens, concurrency or slope  [5] burst in us
--     [6] longest wait in us  [7] share of the wait that jitter may add  [8] longest Retry-After believed, in us
--     [9] ceiling or start of that dimension, 0 if none  [10] calls in the second before the refused one
--     [11] its dimension's use in that second  [12] and in the minute; of concurrency, calls in flight
-- Returns {us until the gate opens, consecutive refusals}.
-- Atomic. Calls that were under way when the gate closed belong to the same refusal: fifty of them count once.
local state = KEYS[1]
local granted_at, retry_after = tonumber(ARGV[1]), math.min(tonumber(ARGV[2]), tonumber(ARGV[8]))
local clock = redis.call('TIME')
local values = redis.call('HMGET', state, 'gate_until', 'closed_at', 'refusals', 'requests_at', 'tokens_at', 'lessons', 'seen_at')
-- Where the clock was set back since the last question, the next one sets all back with it, and what is written now too.
local now = math.max(clock[1] * 1000000 + clock[2], tonumber(values[7]) or 0)
local gate, closed_at, refusals = tonumber(values[1]) or 0, tonumber(values[2]) or 0, tonumber(values[3]) or 0

local wait = 0
if retry_after >= 0 then wait = retry_after end
local first = granted_at > closed_at
local again = first and refusals or 0 -- refusals before this one that no answer followed
if first then
  if retry_after < 0 then wait = math.min(2 ^ refusals * 1000000, tonumber(ARGV[6])) end
  wait = wait * (1 + tonumber(ARGV[7]) * tonumber(ARGV[3]))
  closed_at, refusals = now, refusals + 1
end
gate = math.max(gate, now + wait)
local opens = gate + tonumber(ARGV[5]) -- no allowance on top when it opens
redis.call('HSET', state, 'gate_until', gate, 'closed_at', closed_at, 'refusals', refusals,
  'requests_at', math.max(tonumber(values[4]) or 0, opens), 'tokens_at', math.max(tonumber(values[5]) or 0, opens))

local l, told, calls = read_lessons(values[6] or ''), tonumber(ARGV[9]), tonumber(ARGV[10])
local second, minute = tonumber(ARGV[11]), tonumber(ARGV[12])
local at = ({ requests = REQUESTS, tokens = TOKENS })[ARGV[4]]
if ARGV[4] == 'slope' then
  if first then flatten(l) end
elseif ARGV[4] == 'concurrency' then
  if first or l[CONCURRENCY + TOP] == 0 then fall_at_once(l, minute, told, again) else press_at_once(l, minute) end
elseif first or l[at + TOP] == 0 then
  fall(l, at, calls, second, minute, told, again)
else
  press(l, at, calls, second, minute)
end
redis.call('HSET', state, 'lessons', write_lessons(l))
redis.call('HINCRBY', state, 'refused_' .. ARGV[4], 1)
redis.call('PEXPIRE', state, UNUSED_MS)
return { math.max(0, math.ceil(gate - now)), refusals }

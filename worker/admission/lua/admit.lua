-- Answer "may these calls go out now?" for one worker and one budget, and take in what it has to report.
--
-- KEYS[1] state    hash   the budget's schedule, gate and totals
-- KEYS[2] workers  hash   worker -> "held interactive default bulk": its calls in flight and its waiters by lane
-- KEYS[3] alive    zset   worker -> when its lease ends, in us
-- KEYS[4..6] turn  zset   one a lane, interactive first: waiting worker -> when it was last served, in us
-- ARGV, all times and intervals in microseconds of the Redis clock, 0 where there is no limit:
--   1 worker  2 epoch it knows, 0 if none  3 calls it holds  4-6 its waiters by lane
--   7 interval a request  8 interval a token  9 concurrency  10 slots of it kept for a busy interactive lane  11 burst
--   12 requests given back  13 tokens used beyond (below: minus) those reserved  14 granted_at of the newest answered call
--   15 wake channel prefix  16 budget  17 lease  18 patience, the longest wait told when no moment is known
--   19 deference  20 probe interval  21 reserve hold  22 quiet
--   23-24 grants after which default, bulk go first  25-26 requests, tokens a minute to start from where nothing limits
--   27 what a minute's calls are spread over  28 lessons as it last heard them, for a Redis that has forgotten
--   29 how far ahead of its moment a call may be granted  30 the schedule's shift that its late calls require
--   31 the newest moment of those given back  32 for how long a worker without epoch has lived
--   33-35 calls asked for by lane, then the tokens of each
-- Returns {granted interactive, default, bulk, wait, dimension or '', now, epoch, lessons, and what had gone out before the
-- first call granted: calls, tokens of a second, calls, tokens of a minute, calls in flight, the schedule's shift,
-- then for each granted call, by lane, in how many us it may be sent}; wait is until it is worth asking for the first call not granted.
-- All of it is atomic. Counts of a worker are absolute, so a lost reply or a flushed Redis heals with the next call.
local MOST_ELAPSED_US = 5000000 -- two heartbeats: a longer silence was no time at the limit
local MOST_SHIFT_US = 1000000 -- by one report
local RAMP_FLOOR = 6 -- calls in 6 s that are no sudden rise
local CREDIT_US = 10000000 -- most that refunds may add up to: a sixth of a minute's tokens
local state, workers, alive = KEYS[1], KEYS[2], KEYS[3]
local me, arg = ARGV[1], {}
for i = 2, #ARGV do arg[i] = tonumber(ARGV[i]) end
local request_us, token_us, concurrency, reserve, burst, ahead = arg[7], arg[8], arg[9], arg[10], arg[11], arg[29]
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local FIELDS = { 'epoch', 'requests_at', 'tokens_at', 'credit', 'held', 'waiting_1', 'waiting_2', 'waiting_3', 'passed_2', 'passed_3',
  'gate_until', 'closed_at', 'refusals', 'moment_at', 'shift', 'deferred_at', 'interactive_at', 'quiet_until',
  'minute', 'used_requests', 'used_tokens', 'last_requests', 'last_tokens', 'request_us', 'token_us', 'bound', 'seen_at' }
local values, s = redis.call('HMGET', state, 'lessons', 'recent', unpack(FIELDS)), {}
local lessons, fresh = values[1] or '', false
for i, field in ipairs(FIELDS) do s[field] = tonumber(values[i + 2]) or 0 end
local back = set_back(s, now, alive, { KEYS[4], KEYS[5], KEYS[6] }, arg[17])
if s.epoch == 0 then
  -- New or flushed: nobody knows what went out a moment ago, so the schedule starts empty, and a caller who remembers
  -- an earlier epoch waits until every worker has reported what it holds.
  s.epoch, lessons, fresh = now, ARGV[28], true
  if arg[2] > 0 then s.quiet_until = now + arg[22] end
end

-- What was learned holds where it is less than what was told; a budget at a limit learns that it may grow.
local l = read_lessons(lessons)
local elapsed = math.max(0, math.min(now - s.seen_at, MOST_ELAPSED_US))
if s.bound == 1 then grow(l, REQUESTS, elapsed, request_us > 0 and arg[27] / request_us or 0, arg[25]) end
if s.bound == 2 then grow(l, TOKENS, elapsed, token_us > 0 and arg[27] / token_us or 0, arg[26]) end
if s.bound == 3 then grow(l, CONCURRENCY, elapsed, concurrency, 0) end
steepen(l, elapsed)
s.seen_at = now

local function slower(interval_us, at, start)
  local rate = l[at + VALUE]
  if rate == 0 and interval_us == 0 then rate = start end
  return rate > 0 and math.max(interval_us, arg[27] / rate) or interval_us
end
request_us, token_us = slower(request_us, REQUESTS, arg[25]), slower(token_us, TOKENS, arg[26])
local at_once = math.floor(l[CONCURRENCY + VALUE])
if at_once > 0 and (concurrency == 0 or at_once < concurrency) then
  reserve = concurrency > 0 and math.floor(reserve * at_once / concurrency) or 0
  concurrency = at_once
end
if fresh then
  -- A worker that is dead by now may have sent a call just before this one began to live.
  s.requests_at, s.tokens_at = now + math.max(0, request_us - arg[32]) + burst, now + burst
end

local rings, counted = read_rings(not back and values[2]), back
turn_all(rings, now)

s.requests_at = rescaled(s, now, s.requests_at, s.request_us, request_us)
s.tokens_at = rescaled(s, now, s.tokens_at, s.token_us, token_us)
s.request_us, s.token_us = request_us, token_us

local function forget(worker)
  local line = redis.call('HGET', workers, worker)
  if not line then return { 0, 0, 0 } end
  local held, w1, w2, w3 = string.match(line, '(%d+) (%d+) (%d+) (%d+)')
  s.held = s.held - held
  s.waiting_1, s.waiting_2, s.waiting_3 = s.waiting_1 - w1, s.waiting_2 - w2, s.waiting_3 - w3
  return { tonumber(w1), tonumber(w2), tonumber(w3) }
end

for _, dead in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', now, 'LIMIT', 0, 16)) do
  forget(dead)
  redis.call('HDEL', workers, dead)
  for key = 3, 6 do redis.call('ZREM', KEYS[key], dead) end
end
local was_held, deferred = s.held, s.deferred_at
local registered = forget(me) -- from here on s.waiting_* are the others'
local others = { s.waiting_1, s.waiting_2, s.waiting_3 }
local left = { arg[4], arg[5], arg[6] }
s.held = s.held + arg[3]

-- Settle. A refund from before a flush would be credit that nobody paid for.
local minute = math.floor(now / 60000000)
local new_minute = minute ~= s.minute
if new_minute then
  local follows = minute == s.minute + 1
  s.last_requests, s.last_tokens = follows and s.used_requests or 0, follows and s.used_tokens or 0
  s.minute, s.used_requests, s.used_tokens = minute, 0, 0
end
if s.tokens_at < now - 60000000 then s.credit = 0 end
local correction, known = arg[13], arg[2] == s.epoch
local told = math.max(s.requests_at, s.tokens_at)
if known then
  if arg[12] > 0 then free_newest(s, arg[31], request_us) end
  -- A call that was sent late has the later ones put off as much, or they would crowd behind it. What several calls of the
  -- same moment require is one shift, not many.
  local late = math.max(0, math.min(arg[30] - s.shift, MOST_SHIFT_US))
  s.shift, s.requests_at, s.tokens_at = s.shift + late, s.requests_at + late, s.tokens_at + late
end
if arg[12] ~= 0 or correction ~= 0 then
  count(rings, -arg[12], correction)
  counted = true
end
if known or correction > 0 then
  local from = math.max(s.tokens_at, now)
  s.tokens_at = s.tokens_at + correction * token_us
  -- A refund larger than what is left to wait is kept for the next calls, or a wrong estimate would slow the budget down.
  if correction < 0 then s.credit = math.min(s.credit + math.max(0, now - from - correction * token_us), CREDIT_US) end
  s.used_tokens = s.used_tokens + correction
end
if arg[14] > s.closed_at then s.refusals = 0 end -- only a call sent after the refusal shows that it is over
local interval, ramp_us = request_us, 0
if s.refusals > 0 then interval = math.max(request_us, arg[20]) end -- feel the way until a call is answered
if l[SLOPE + VALUE] > 0 then
  local stretch = rings[MINUTE_RING + 1 + (rings[MINUTE_RING] - 1) % SLOTS]
  ramp_us = MINUTE_TICK_US / math.max(RAMP_FLOOR, l[SLOPE + VALUE] * stretch)
  interval = math.max(interval, ramp_us)
end
local before, sums = s.held, {}
for i, ring in ipairs({ { SECOND_RING, SECOND_TICK_US }, { MINUTE_RING, MINUTE_TICK_US } }) do
  sums[2 * i - 1] = string.format('%.17g', within(rings, ring[1], 0, now, ring[2]))
  sums[2 * i] = string.format('%.17g', within(rings, ring[1], SLOTS, now, ring[2]))
end

local function slots(lane)
  if concurrency == 0 then return math.huge end
  if lane > 1 and now < s.interactive_at + arg[21] then return concurrency - reserve end
  return concurrency
end

-- What stands in the way of a call of this lane: (dimension or nil, us until it is worth asking again).
local function obstacle(lane)
  if s.gate_until - ahead > now then return 'gate', s.gate_until - ahead - now end
  if s.quiet_until > now then return 'redis', s.quiet_until - now end
  if s.held >= slots(lane) then return 'concurrency', arg[18] end
  local requests = interval > 0 and s.requests_at - burst - ahead - now or 0
  local tokens = token_us > 0 and s.tokens_at - burst - ahead - now or 0
  if requests <= 0 and tokens <= 0 then return nil, 0 end
  if requests >= tokens then return interval == ramp_us and 'slope' or 'requests', requests end
  return 'tokens', tokens
end

-- The lane whose turn it is: the highest that waits, but for one that has been passed over too often.
local function first_lane(own_only)
  for lane = 2, 3 do
    local waiting, floor = left[lane] + (own_only and 0 or others[lane]), arg[21 + lane]
    if waiting > 0 and floor > 0 and s['passed_' .. lane] >= floor and s.held < slots(lane) then return lane end
  end
  for lane = 1, 3 do
    if left[lane] + (own_only and 0 or others[lane]) > 0 then return lane end
  end
end

-- Whether all places were taken until now, or one is kept: then whoever frees a place is the first to ask for it.
local function contended(lane) return was_held >= slots(lane) or deferred > 0 end

-- Whether the last free place is that of another worker's waiter, who was passed over for long.
local function owed(lane)
  return others[lane] > 0 and s.held + 1 >= slots(lane) and contended(lane) and passed_over(KEYS[3 + lane], me, now - arg[18])
end

local granted, asked, position = { 0, 0, 0 }, { arg[33], arg[34], arg[35] }, {}
position[1], position[2], position[3] = 36, 36 + asked[1], 36 + asked[1] + asked[2]
local delays = { {}, {}, {} }

local function grant(lane)
  local tokens = arg[position[lane] + granted[lane]]
  if not contended(lane) and now - s.requests_at + burst > interval / 2 then
    -- The worker at the head of the round has missed its moment: it may be dead, and must not cost the next one too.
    excuse_first(KEYS[3 + lane], me, now)
  end
  granted[lane], left[lane] = granted[lane] + 1, left[lane] - 1
  s.held, s.deferred_at = s.held + 1, 0
  local moment = math.max(now, s.gate_until)
  if interval > 0 then moment = math.max(moment, s.requests_at - burst) end
  if token_us > 0 then moment = math.max(moment, s.tokens_at - burst) end
  s.moment_at = math.max(s.moment_at, moment)
  table.insert(delays[lane], math.ceil(moment - now))
  s.requests_at = math.max(s.requests_at, moment) + interval
  s.tokens_at = math.max(s.tokens_at, moment) + tokens * token_us
  local paid = math.min(s.credit, s.tokens_at - moment)
  s.tokens_at, s.credit = s.tokens_at - paid, s.credit - paid
  s.used_requests, s.used_tokens = s.used_requests + 1, s.used_tokens + tokens
  count(rings, 1, tokens)
  counted = true
  for lower = lane + 1, 3 do
    local waits = left[lower] + others[lower] > 0
    s['passed_' .. lower] = waits and s['passed_' .. lower] + 1 or 0
  end
  if lane > 1 then s['passed_' .. lane] = 0 end
end

local denied, dimension, wait, bound = nil, '', 0, nil
local BOUND = { requests = 1, tokens = 2, concurrency = 3 }
while left[1] + left[2] + left[3] > 0 do
  local lane = first_lane(false)
  dimension, wait = obstacle(lane)
  bound = BOUND[dimension] or 0
  local owes = left[lane] > 0 and not dimension and owed(lane)
  local yields = left[lane] == 0 or owes
  if yields and not dimension then
    -- Another worker's waiter goes first. It is called below; should it not come, its turn passes after a moment.
    if s.deferred_at == 0 then s.deferred_at = owes and deferred > 0 and deferred or now end
    wait = s.deferred_at + arg[19] - now
    if owes and wait <= 0 then deferred = excuse_first(KEYS[3 + lane], me, now) end
    lane = first_lane(true)
    if wait > 0 then dimension = 'lane' else dimension, wait = obstacle(lane) end
  elseif yields then
    lane = first_lane(true)
    if dimension == 'requests' or dimension == 'tokens' or dimension == 'slope' then dimension = 'lane' end
  end
  if dimension then denied = lane break end
  if granted[lane] == asked[lane] then wait = 0 break end -- more wait than were asked for
  grant(lane)
end

if left[1] + others[1] > 0 or granted[1] > 0 then s.interactive_at = now end

-- Take or leave a place in the round of waiting workers.
for lane = 1, 3 do
  local joined = join_or_leave(KEYS[3 + lane], me, now, left[lane], granted[lane], registered[lane])
  if joined then redis.call('PEXPIRE', KEYS[3 + lane], UNUSED_MS) end
end

-- Workers that wait for the same moment come one an interval, not all at once: one round trip a grant.
if denied and (dimension == 'requests' or dimension == 'tokens' or dimension == 'slope' or dimension == 'lane') then
  local before_me = redis.call('ZRANK', KEYS[3 + denied], me)
  for higher = 1, denied - 1 do before_me = before_me + others[higher] end
  -- By the usual interval: told the longer one that follows a refusal, they would come late when a call is answered, and
  -- then in a bunch.
  local usual = math.max(request_us, ramp_us)
  local step = usual > 0 and usual or interval
  if dimension == 'tokens' and granted[denied] < asked[denied] then
    -- Refunds bring the moment nearer than estimates say: coming early costs a round trip, coming late tokens.
    step = arg[position[denied] + granted[denied]] * token_us / 2
  end
  if not (dimension == 'lane' and s.deferred_at > 0) then
    wait = math.min(wait + before_me * step, math.max(wait, arg[18]))
  end
end

-- Call the next worker if a call could go out now, or sooner than it was told.
local waiting = first_lane(false)
if waiting and others[waiting] > 0 then
  local sooner = math.max(s.requests_at, s.tokens_at) < told and told - burst - ahead > now
  if sooner or not obstacle(waiting) then
    call_first(KEYS[3 + waiting], me, now, ARGV[15], ARGV[16])
  end
end

local held, came = arg[3] + granted[1] + granted[2] + granted[3], false
if held + left[1] + left[2] + left[3] > 0 then
  redis.call('HSET', workers, me, held .. ' ' .. left[1] .. ' ' .. left[2] .. ' ' .. left[3])
  came = redis.call('ZADD', alive, now + arg[17], me) == 1
else
  redis.call('HDEL', workers, me)
  redis.call('ZREM', alive, me)
end
if came or new_minute then -- not each time: two more commands would make a decision 5 % dearer
  redis.call('PEXPIRE', workers, UNUSED_MS)
  redis.call('PEXPIRE', alive, UNUSED_MS)
end
for lane = 1, 3 do s['waiting_' .. lane] = others[lane] + left[lane] end
-- What held the calls back that wait; a worker with none waiting has not looked.
if bound then s.bound = bound elseif others[1] + others[2] + others[3] == 0 then s.bound = 0 end
local flat = {}
for _, field in ipairs(FIELDS) do
  flat[#flat + 1] = field
  flat[#flat + 1] = s[field]
end
if counted then
  flat[#flat + 1] = 'recent'
  flat[#flat + 1] = write_rings(rings)
end
lessons = write_lessons(l)
redis.call('HSET', state, 'concurrency', concurrency, 'lessons', lessons, unpack(flat))
redis.call('PEXPIRE', state, UNUSED_MS)
local reply = { granted[1], granted[2], granted[3], math.ceil(wait), dimension or '', now, s.epoch, lessons,
  sums[1], sums[2], sums[3], sums[4], before, s.shift }
for lane = 1, 3 do
  for _, delay in ipairs(delays[lane]) do reply[#reply + 1] = delay end
end
return reply

-- What went out in the last second and the last minute, put before the scripts that count or ask.
--
-- KEYS[1] and ARGV are the script's own and not used here. A ring holds calls and tokens of eleven slots, of 0.1 s or 6 s:
-- the tick it stands at, eleven counts of calls, eleven of tokens. The text holds two rings, 46 doubles.
-- Returns nothing: it defines functions over them. They touch no key, so they are as atomic as their script.
local RINGS, SLOTS = '<' .. string.rep('d', 46), 11
local SECOND_RING, MINUTE_RING, SECOND_TICK_US, MINUTE_TICK_US = 1, 24, 100000, 6000000

local function read_rings(text)
  if text then return { struct.unpack(RINGS, text) } end
  local rings = {}
  for i = 1, 46 do rings[i] = 0 end
  return rings
end

local function write_rings(rings) return struct.pack(RINGS, unpack(rings, 1, 46)) end

-- Empty the slots that time has passed since the ring was last turned.
local function turn(rings, at, tick)
  for i = math.max(rings[at], tick - SLOTS) + 1, tick do
    rings[at + 1 + i % SLOTS], rings[at + 1 + SLOTS + i % SLOTS] = 0, 0
  end
  rings[at] = tick
end

local function turn_all(rings, now)
  turn(rings, SECOND_RING, math.floor(now / SECOND_TICK_US))
  turn(rings, MINUTE_RING, math.floor(now / MINUTE_TICK_US))
end

local function count(rings, calls, tokens)
  for at = SECOND_RING, MINUTE_RING, MINUTE_RING - SECOND_RING do
    local slot = at + 1 + rings[at] % SLOTS
    rings[slot], rings[slot + SLOTS] = rings[slot] + calls, rings[slot + SLOTS] + tokens
  end
end

-- Calls (or tokens, `offset` 11) in ten ticks up to now; the oldest slot counts for what they still cover of it.
local function within(rings, at, offset, now, tick_us)
  local tick, sum = rings[at], 0
  local oldest = rings[at + 1 + offset + (tick - 10) % SLOTS] * (1 - (now / tick_us - tick))
  for i = 0, 9 do sum = sum + rings[at + 1 + offset + (tick - i) % SLOTS] end
  return math.max(0, sum + oldest)
end

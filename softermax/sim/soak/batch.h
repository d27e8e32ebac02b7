// What the soak bench is given and what it gives back: plain structures that Python shares, see softermax.sim.soak.bench.
#pragma once

#include <cstdint>

// Words of 32 bits of the widest payload that a unit can have.
constexpr uint32_t MOST_WORDS = 1024;

// What one stream is to carry.
struct StreamData {
    const uint32_t* words;  // payloads in order, lowest bits first
    uint64_t items;
    const uint8_t* permits;  // for each cycle whether it may move, repeated; null: always
    uint64_t permits_length;
};

// A step of the host that drives registers. Target is an address, or the number of an input stream.
enum Kind : uint32_t {
    WRITE,        // value to a register
    READ,         // a register, which must hold the value
    GRANT,        // an input stream may offer so many items in all
    AWAIT_TAKEN,  // until so many items of an input stream have been taken
    AWAIT_DONE    // until the unit says that it is
};
struct Step {
    uint32_t kind, target;
    uint64_t value;
};

struct Batch {
    const StreamData* inputs;
    const StreamData* outputs;
    const Step* steps;
    uint64_t step_count;
    uint64_t stop_after;   // items of the first output after which it is broken off; 0: never
    uint64_t seed;         // of noise, and of what the host does that it need not
    uint64_t patience;     // cycles without a handshake that are too many
    uint64_t idle_cycles;  // for which the unit must be silent after the last item
    uint32_t difficult;    // whether the host pauses, and accesses registers that it has no business with
};

enum Error : uint32_t {
    NONE,
    WRONG,      // a payload is not the expected one,
    LOST,       // but that of the item after it,
    REPEATED,   // or that of the item before it
    MOVED,      // a payload has changed while it waited
    WITHDRAWN,  // an item has gone while it waited
    SURPLUS,    // something comes after the last item
    STUCK,      // no stream moves, and there are items left
    REGISTER    // a register has not been read as it should be
};

struct Report {
    uint64_t cycles;                  // without reset
    uint64_t stalled_in, stalled_out;  // cycles in which an item waits, summed over inputs and over outputs
    uint64_t first_move, last_move;   // cycles in which the first output's first and last item were taken
    uint64_t taken;                   // items of the first output
    uint64_t item;                    // where the error is, in a stream: the outputs first, then the inputs
    uint32_t error, stream;
    uint32_t expected;                 // of a register
    uint32_t seen[MOST_WORDS];
};

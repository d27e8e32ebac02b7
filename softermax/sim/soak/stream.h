// A stream of the unit: its ports, and what it is to carry.
#pragma once

#include <cstring>

#include "batch.h"
#include "verilated.h"

// splitmix64: fast, and the same everywhere.
class Random {
public:
    explicit Random(uint64_t seed) : state(seed) {}
    uint64_t next() {
        uint64_t z = (state += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

private:
    uint64_t state;
};

class Stream {
public:
    // A port holds little-endian words without gaps, whichever type Verilator gives it.
    template <typename Port>
    Stream(CData& valid, CData& ready, Port& payload, uint32_t bits)
        : valid(&valid), ready(&ready), payload(reinterpret_cast<uint8_t*>(&payload)), bytes(sizeof(Port)), bits(bits) {}

    CData* valid;
    CData* ready;
    uint8_t* payload;
    size_t bytes;
    uint32_t bits;

    uint64_t done = 0;     // items that have been taken
    uint64_t granted = 0;  // items that may be offered
    bool held = false;     // whether an item waits to be taken

    void begin(const StreamData& given) {
        data = given;
        done = 0;
        granted = given.items;
        held = false;
    }
    bool allowed(uint64_t cycle) const { return !data.permits || data.permits[cycle % data.permits_length]; }
    bool exhausted() const { return done == data.items; }
    // Whether the port shows an item.
    bool shows(uint64_t number) const { return number < data.items && !std::memcmp(payload, item(number), bytes); }

    // As a source: an item that is offered stays until it is taken; noise where nothing is.
    void offer(uint64_t cycle, Random& random) {
        const bool before = held;
        held = held || (done < granted && allowed(cycle));
        *valid = held;
        if (!held) noise(random);
        else if (!before) std::memcpy(payload, item(done), bytes);
    }
    void noise(Random& random) {
        const uint32_t words = (bits + 31) / 32;
        uint32_t drawn[MOST_WORDS + 1];
        for (uint32_t word = 0; word < words; word += 2) {
            const uint64_t some = random.next();
            std::memcpy(drawn + word, &some, sizeof some);
        }
        if (bits % 32) drawn[words - 1] &= (1u << bits % 32) - 1;
        std::memcpy(payload, drawn, bytes);
    }

private:
    StreamData data{};

    const uint32_t* item(uint64_t number) const { return data.words + number * ((bits + 31) / 32); }
};

// The driver of a processing element's registers; other units have none.
#pragma once

#include <vector>

#include "stream.h"

#ifndef HOST

template <typename Top>
class Host {
public:
    explicit Host(Top&) {}
    void begin(const Batch&, std::vector<Stream>&) {}
    void noise(Random&) {}
    void drive(Random&) {}
    bool answered() const { return true; }
    uint32_t answer() const { return 0; }
    uint32_t expected() const { return 0; }
    uint64_t at() const { return 0; }
    bool finished() const { return true; }
};

#else

template <typename Top>
class Host {
public:
    explicit Host(Top& top) : top(top) {}

    void begin(const Batch& given, std::vector<Stream>& given_inputs) {
        batch = &given;
        inputs = &given_inputs;
        step = 0;
        asked = {true, 0};
        for (uint64_t s = 0; s < given.step_count; ++s)
            if (given.steps[s].kind == GRANT) (*inputs)[given.steps[s].target].granted = 0;
    }
    void noise(Random& random) {
        const uint64_t drawn = random.next();
        access(drawn & 1, drawn & 2, drawn >> 2 & 15, drawn >> 32);
    }
    // The next access. The answer to one that reads comes a cycle later, and to any other it is 0.
    void drive(Random& random) {
        due = asked;
        asked = {true, 0};
        const uint64_t drawn = random.next();
        access(false, false, drawn & 15, drawn >> 32);
        if (batch->difficult && (drawn >> 4 & 3) == 0) return;
        while (step < batch->step_count) {
            const Step& next = batch->steps[step];
            if (waits(next)) {
                if (batch->difficult && (drawn >> 6 & 3) == 0) disturb(drawn >> 8, next.kind == AWAIT_DONE);
                return;
            }
            ++step;
            if (next.kind == GRANT) (*inputs)[next.target].granted = next.value;
            if (next.kind != WRITE && next.kind != READ) continue;
            access(next.kind == WRITE, next.kind == READ, next.target, next.value);
            if (next.kind == READ) asked.data = next.value;
            return;
        }
    }
    // Whether the register port shows the answer that is due.
    bool answered() const { return !due.known || top.csr___05Fread_data == due.data; }
    uint32_t answer() const { return top.csr___05Fread_data; }
    uint32_t expected() const { return due.data; }
    uint64_t at() const { return step; }
    bool finished() const { return step == batch->step_count; }

private:
    struct Answer {
        bool known;
        uint32_t data;
    };
    Top& top;
    const Batch* batch = nullptr;
    std::vector<Stream>* inputs = nullptr;
    uint64_t step = 0;
    Answer asked{}, due{};

    bool waits(const Step& next) const {
        if (next.kind == AWAIT_TAKEN) return (*inputs)[next.target].done < next.value;
        return next.kind == AWAIT_DONE && !top.done;
    }
    // Anything but a start, which would leave a mark; what is written while a head is computed must be ignored.
    void disturb(uint64_t drawn, bool writes) {
        const uint32_t address = 1 + drawn % 8;
        const bool reads = drawn >> 3 & 1;
        access(writes && (drawn >> 4 & 1), reads, address, drawn >> 24);
        asked.known = !reads;
    }
    void access(bool writes, bool reads, uint32_t address, uint32_t data) {
        top.csr___05Faddress = address;
        top.csr___05Fwrite_strobe = writes;
        top.csr___05Fread_strobe = reads;
        top.csr___05Fwrite_data = data;
    }
};

#endif

// The soak bench: offers a unit what it is given, and checks everything that leaves, at Verilator's speed.
//
// It knows nothing of the unit but its ports, from ports.h, which is generated: INPUTS(X) and OUTPUTS(X) list the
// streams with the bits of their payloads, and HOST is defined where there are registers. It stops at the first error.

#include <algorithm>
#include <memory>

#include "Vunit.h"
#include "ports.h"

#include "host.h"

namespace {

constexpr int RESET_CYCLES = 2;

class Bench {
public:
    // What has no reset begins with anything.
    explicit Bench(int seed) {
        context.randReset(2);
        context.randSeed(seed);
        top = std::make_unique<Vunit>(&context);
        host = std::make_unique<Host<Vunit>>(*top);
#define STREAM(name, bits) Stream(top->name##___05Fvalid, top->name##___05Fready, top->name##___05Fpayload, bits),
        inputs = {INPUTS(STREAM)};
        outputs = {OUTPUTS(STREAM)};
#undef STREAM
    }
    ~Bench() { top->final(); }

    // From reset until all is done and the unit has been silent for a while, or to where the batch is broken off.
    void run(const Batch& given, Report& result) {
        batch = &given;
        report = &result;
        result = {};
        Random random(given.seed);
        for (size_t s = 0; s < inputs.size(); ++s) inputs[s].begin(given.inputs[s]);
        for (size_t s = 0; s < outputs.size(); ++s) outputs[s].begin(given.outputs[s]);
        reset(random);
        host->begin(given, inputs);
        last_handshake = 0;
        for (uint64_t silent = 0; silent < given.idle_cycles && !result.error && !broken_off();) {
            cycle(result.cycles, random);
            ++result.cycles;
            silent = finished() ? silent + 1 : 0;
        }
        result.taken = outputs[0].done;
    }

private:
    VerilatedContext context;
    std::unique_ptr<Vunit> top;
    std::unique_ptr<Host<Vunit>> host;
    std::vector<Stream> inputs, outputs;
    const Batch* batch = nullptr;
    Report* report = nullptr;
    uint64_t last_handshake = 0;

    void edge() {
        top->clk = 1;
        top->eval();
    }
    void settle() {
        top->clk = 0;
        top->eval();
    }
    void reset(Random& random) {
        top->rst = 1;
        for (int n = 0; n < RESET_CYCLES; ++n) {
            for (Stream& stream : inputs) {
                stream.noise(random);
                *stream.valid = random.next() & 1;
            }
            for (Stream& stream : outputs) *stream.ready = random.next() & 1;
            host->noise(random);
            settle();
            edge();
        }
        top->rst = 0;
    }
    void cycle(uint64_t now, Random& random) {
        host->drive(random);
        for (Stream& stream : inputs) stream.offer(now, random);
        for (Stream& stream : outputs) *stream.ready = stream.allowed(now);
        settle();
        if (!host->answered()) fail(REGISTER, inputs.size() + outputs.size(), host->at(), host->answer());
        for (size_t s = 0; s < outputs.size(); ++s) take(s, now);
        for (Stream& stream : inputs) give(stream, now);
        if (now - last_handshake > batch->patience) stuck();
        edge();
    }
    void take(size_t number, uint64_t now) {
        Stream& stream = outputs[number];
        if (!*stream.valid) {
            if (stream.held) fail(WITHDRAWN, number);
            return;
        }
        if (!stream.shows(stream.done)) fail(what_is_wrong(stream), number);
        stream.held = !*stream.ready;
        if (stream.held) {
            ++report->stalled_out;
            return;
        }
        if (number == 0) (stream.done ? report->last_move : report->first_move) = now;
        ++stream.done;
        last_handshake = now;
    }
    void give(Stream& stream, uint64_t now) {
        if (!stream.held) return;
        if (!*stream.ready) {
            ++report->stalled_in;
            return;
        }
        stream.held = false;
        ++stream.done;
        last_handshake = now;
    }
    static Error what_is_wrong(const Stream& stream) {
        if (stream.exhausted()) return SURPLUS;
        if (stream.held) return MOVED;
        if (stream.shows(stream.done + 1)) return LOST;
        if (stream.done && stream.shows(stream.done - 1)) return REPEATED;
        return WRONG;
    }
    // An output that is waited for is told, else an input that is not taken, else the host.
    void stuck() {
        const auto waiting = [](const Stream& stream) { return !stream.exhausted(); };
        const size_t out = std::find_if(outputs.begin(), outputs.end(), waiting) - outputs.begin();
        const size_t in = std::find_if(inputs.begin(), inputs.end(), waiting) - inputs.begin();
        if (out < outputs.size()) return fail(STUCK, out);
        if (in < inputs.size()) return fail(STUCK, outputs.size() + in, inputs[in].done, 0);
        fail(STUCK, outputs.size() + inputs.size(), host->at(), 0);
    }
    void fail(Error error, size_t output) {
        if (report->error) return;
        fail(error, output, outputs[output].done, 0);
        std::memcpy(report->seen, outputs[output].payload, outputs[output].bytes);
    }
    void fail(Error error, size_t place, uint64_t item, uint32_t seen) {
        if (report->error) return;
        report->error = error;
        report->stream = place;
        report->item = item;
        report->expected = host->expected();
        report->seen[0] = seen;
    }
    bool broken_off() const { return batch->stop_after && outputs[0].done == batch->stop_after; }
    bool finished() const {
        const auto exhausted = [](const Stream& stream) { return stream.exhausted(); };
        return std::all_of(outputs.begin(), outputs.end(), exhausted) &&
               std::all_of(inputs.begin(), inputs.end(), exhausted) && host->finished();
    }
};

}  // namespace

extern "C" {
Bench* soak_open(int seed) { return new Bench(seed); }
void soak_run(Bench* bench, const Batch* batch, Report* report) { bench->run(*batch, *report); }
void soak_close(Bench* bench) { delete bench; }
}

// Softermax of rows on a CPU, each row in one go, as softermax/model/torch/forward.py computes blocks of rows: the same
// tables, the same integers, the same bits. What is read and written stays in the cache that is next to the processor.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>
#include <type_traits>
#include <vector>

constexpr int AXES = 16;

// As in kernel.py, field by field.
extern "C" struct Constants {
    int64_t lanes, fraction_bits, min_raw, max_raw, hidden, lowest_maximum;
    int64_t dropped, saturates, largest_sum, sum_fraction_bits, max_exponent, index_shift, index_mask;
    int64_t row_product, directed, cascade, guard_bits, product_shift, cut, bias, places, largest_output, distances;
    double factor, far, ulp;
    const int64_t *numerators, *power, *product, *reciprocal;
};

extern "C" struct Rows {
    const void *scores;
    const uint8_t *keep;  // null: every score is kept
    void *results;
    int64_t rows, length;
    int64_t axes, sizes[AXES], keep_strides[AXES], keep_stride;  // the mask's, over the rows' axes and along a row
};

namespace {

int64_t shifted(int64_t value, int64_t places) {
    return places < 0 ? value << std::min<int64_t>(-places, 62) : value >> std::min<int64_t>(places, 62);
}

class Row {
  public:
    Row(const Constants &constants, int64_t length)
        : c(constants), n(length), slices((length + c.lanes - 1) / c.lanes), raw(slices * c.lanes, int32_t(c.hidden)),
          kept(length), by_distance(c.distances), real_by_distance(c.distances) {}

    // Whether every kept score is finite.
    template <typename Work, typename Score>
    bool quantise(const Score *scores, const uint8_t *keep, int64_t stride) {
        const Work factor = Work(c.factor), infinite = std::numeric_limits<Work>::infinity();
        if (keep != nullptr)
            for (int64_t i = 0; i < n; i++) kept[i] = keep[i * stride];
        const uint8_t *mask = keep == nullptr ? nullptr : kept.data();
        Work low = infinite, high = -infinite;
        int32_t wrong = 0;
        for (int64_t i = 0; i < n; i++) {
            const Score score = scores[i];
            const bool taken = mask == nullptr || mask[i];
            const Work scaled = Work(score) * factor;
            wrong |= int32_t(taken & !(std::abs(score) <= std::numeric_limits<Score>::max()));
            low = taken & (scaled < low) ? scaled : low;
            high = taken & (scaled > high) ? scaled : high;
        }
        if (wrong) return false;
        // A score that is so far below the highest weighs nothing in exact softmax either.
        const double above = double(high) - c.far;
        if (!(double(low) > above) && low <= high) {
            for (int64_t i = 0; i < n; i++)
                kept[i] = (mask == nullptr || mask[i]) & (double(Work(scores[i]) * factor) > above);
            mask = kept.data();
        }
        if (mask == nullptr)
            for (int64_t i = 0; i < n; i++) raw[i] = rounded(Work(scores[i]) * factor);
        else
            for (int64_t i = 0; i < n; i++) {
                const int32_t value = rounded(Work(scores[i]) * factor);
                raw[i] = mask[i] ? value : int32_t(c.hidden);
            }
        return true;
    }

    void take(const int32_t *scores, const uint8_t *keep, int64_t stride) {
        for (int64_t i = 0; i < n; i++) raw[i] = keep == nullptr || keep[i * stride] ? scores[i] : int32_t(c.hidden);
    }

    // Maximum and power sum, slice by slice.
    void reduce() {
        power_sum = 0;
        for (int64_t slice = 0; slice < slices; slice++) {
            const int32_t *x = raw.data() + slice * c.lanes;
            int32_t largest = x[0];
            for (int64_t lane = 1; lane < c.lanes; lane++) largest = std::max(largest, x[lane]);
            const int64_t ceiling = std::max<int64_t>(-((-int64_t(largest)) >> c.fraction_bits), c.lowest_maximum);
            const int32_t top = int32_t(ceiling << c.fraction_bits);
            int64_t sum = 0;
            for (int64_t lane = 0; lane < c.lanes; lane++) sum += c.numerators[top - x[lane]];
            sum = c.dropped >= 0 ? sum >> c.dropped : sum << -c.dropped;
            const int64_t before = slice == 0 ? ceiling : maximum;
            maximum = std::max(before, ceiling);
            power_sum = (power_sum >> std::min<int64_t>(maximum - before, 63)) +
                        (sum >> std::min<int64_t>(maximum - ceiling, 63));
            if (c.saturates) power_sum = std::min(power_sum, c.largest_sum);
        }
    }

    template <typename Result>
    void normalise(Result *results) {
        int64_t exponent = 0;
        while (exponent < c.max_exponent && power_sum >> (c.sum_fraction_bits + exponent)) exponent++;
        const int64_t aligned = power_sum << (c.max_exponent - exponent);
        mantissa = c.reciprocal[(aligned >> c.index_shift) & c.index_mask];
        const int32_t top = int32_t((maximum + exponent) << c.fraction_bits), last = int32_t(c.distances) - 1;
        const bool by_table = n > c.distances;
        const Result ulp = std::is_integral_v<Result> ? Result(1) : Result(c.ulp);
        if (by_table)
            for (int64_t distance = 0; distance < c.distances; distance++) by_distance[distance] = result(distance);
        if (c.cascade) {
            int64_t sum = int64_t(1) << (c.guard_bits - 1), before = 0;
            for (int64_t i = 0; i < n; i++) {
                const int32_t distance = std::min(top - raw[i], last);
                sum += by_table ? by_distance[distance] : result(distance);
                const int64_t total = sum >> c.guard_bits;
                results[i] = Result(std::min(total - before, c.largest_output)) * ulp;
                before = total;
            }
        } else if (by_table) {
            Result *values = reinterpret_cast<Result *>(real_by_distance.data());
            for (int64_t distance = 0; distance < c.distances; distance++)
                values[distance] = Result(std::min(by_distance[distance], c.largest_output)) * ulp;
            for (int64_t i = 0; i < n; i++) results[i] = values[std::min(top - raw[i], last)];
        } else {
            for (int64_t i = 0; i < n; i++)
                results[i] = Result(std::min(result(std::min(top - raw[i], last)), c.largest_output)) * ulp;
        }
    }

  private:
    const Constants &c;
    const int64_t n, slices;
    std::vector<int32_t> raw;  // filled up with hidden scores to whole slices
    std::vector<uint8_t> kept;
    std::vector<int64_t> by_distance;
    std::vector<double> real_by_distance;
    int64_t maximum = 0, power_sum = 0, mantissa = 0;

    template <typename Work>
    int32_t rounded(Work scaled) const {
        // Below 2**(digits - 2) adding this leaves no fraction, and rounds as IEEE 754 does: to nearest, ties to even.
        constexpr Work whole = Work(3) * Work(int64_t(1) << (std::numeric_limits<Work>::digits - 2));
        scaled = scaled < Work(c.min_raw) ? Work(c.min_raw) : scaled;
        scaled = scaled > Work(c.max_raw) ? Work(c.max_raw) : scaled;
        return int32_t((scaled + whole) - whole);
    }

    // Of a score at a distance below M + e, before the cascade and saturation.
    int64_t result(int64_t distance) const {
        const int64_t fraction = -distance & ((int64_t(1) << c.fraction_bits) - 1);
        const int64_t places = -((-distance) >> c.fraction_bits);
        if (!c.row_product) {
            const int64_t product = (c.power[fraction] >> std::min<int64_t>(places, 63)) * mantissa;
            const int64_t dropped = c.product_shift;
            return dropped > 0 ? (product + (int64_t(1) << (dropped - 1))) >> dropped : product << -dropped;
        }
        const int64_t product = (c.product[fraction] * mantissa + c.bias) >> c.cut;
        if (c.directed) return shifted(product, places + c.places);
        return (shifted(product, places + c.places - 1) + 1) >> 1;
    }
};

const uint8_t *mask_of(const Rows &rows, int64_t row) {
    if (rows.keep == nullptr) return nullptr;
    const uint8_t *keep = rows.keep;
    for (int64_t axis = rows.axes - 1; axis >= 0; axis--) {
        keep += row % rows.sizes[axis] * rows.keep_strides[axis];
        row /= rows.sizes[axis];
    }
    return keep;
}

template <typename Work, typename Score, typename Result>
bool compute(const Constants &constants, const Rows &rows, int64_t first, int64_t last) {
    Row row(constants, rows.length);
    for (int64_t number = first; number < last; number++) {
        const Score *scores = static_cast<const Score *>(rows.scores) + number * rows.length;
        const uint8_t *keep = mask_of(rows, number);
        if constexpr (std::is_same_v<Score, int32_t>)
            row.take(scores, keep, rows.keep_stride);
        else if (!row.template quantise<Work>(scores, keep, rows.keep_stride))
            return false;
        row.reduce();
        row.normalise(static_cast<Result *>(rows.results) + number * rows.length);
    }
    return true;
}

template <typename Work, typename Score, typename Result>
int split(const Constants &constants, const Rows &rows, int64_t threads) {
    std::atomic<bool> finite{true};
    const auto part = [&](int64_t number) {
        const int64_t first = rows.rows * number / threads, last = rows.rows * (number + 1) / threads;
        if (!compute<Work, Score, Result>(constants, rows, first, last)) finite = false;
    };
    std::vector<std::thread> others;
    for (int64_t number = 1; number < threads; number++) others.emplace_back(part, number);
    part(0);
    for (std::thread &other : others) other.join();
    return finite ? 0 : 1;
}

}  // namespace

// 0, or 1 if a kept score is not finite. One function for each type of scores, and of what they are scaled in.
#define FUNCTION(name, Work, Score, Result)                                                          \
    extern "C" int name(const Constants *constants, const Rows *rows, int64_t threads) { \
        return split<Work, Score, Result>(*constants, *rows, threads);                              \
    }
FUNCTION(float_in_float, float, float, float)
FUNCTION(float_in_double, double, float, float)
FUNCTION(double_in_double, double, double, float)
FUNCTION(float_in_float_to_double, float, float, double)
FUNCTION(float_in_double_to_double, double, float, double)
FUNCTION(double_in_double_to_double, double, double, double)
FUNCTION(raw, int32_t, int32_t, int32_t)

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
    int64_t narrow, narrow_results;  // whether sums of numerators, and of results, fit in 32 bits
    double factor, far, ulp;
    const int32_t *narrow_numerators;
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
          kept(length), spread(length), by_distance(c.distances), found(length), narrow_by_distance(c.distances),
          narrow_found(length) {}

    // Whether every kept score is finite.
    template <typename Work, typename Score>
    bool quantise(const Score *scores, const uint8_t *mask) {
        if (mask != nullptr) {
            Score *shown = reinterpret_cast<Score *>(kept.data());
            const Score infinite = std::numeric_limits<Score>::infinity();
            for (int64_t i = 0; i < n; i++) shown[i] = mask[i] ? scores[i] : -infinite;
            if (!finite(scores, mask)) return false;
            scores = shown;
        } else if (!finite(scores, nullptr)) {
            return false;
        }
        const double highest = largest(scores), far = c.far;
        const Work factor = Work(c.factor), low = Work(c.min_raw), high = Work(c.max_raw);
        const int32_t hidden = int32_t(c.hidden);
        int32_t *__restrict x = raw.data();
        // A score that is so far below the highest weighs nothing in exact softmax either; nor does a masked one.
        for (int64_t i = 0; i < n; i++) {
            const int32_t value = rounded(Work(scores[i]) * factor, low, high);
            x[i] = highest - double(scores[i]) >= far ? hidden : value;
        }
        // Where nothing is kept there is no difference.
        if (highest == -std::numeric_limits<double>::infinity()) std::fill_n(raw.begin(), n, int32_t(c.hidden));
        return true;
    }

    void take(const int32_t *scores, const uint8_t *mask) {
        for (int64_t i = 0; i < n; i++) raw[i] = mask == nullptr || mask[i] ? scores[i] : int32_t(c.hidden);
    }

    // A mask's values side by side.
    const uint8_t *gathered(const uint8_t *mask, int64_t stride) {
        if (mask == nullptr || stride == 1) return mask;
        for (int64_t i = 0; i < n; i++) spread[i] = mask[i * stride];
        return spread.data();
    }

    // Maximum and power sum, slice by slice. Loops over a number of lanes that the compiler knows are twice as fast.
    void reduce() {
        if (c.lanes == 16 && c.narrow)
            reduce_slices<16>(c.narrow_numerators);
        else if (c.lanes == 32 && c.narrow)
            reduce_slices<32>(c.narrow_numerators);
        else if (c.narrow)
            reduce_slices<0>(c.narrow_numerators);
        else
            reduce_slices<0>(c.numerators);
    }

    template <typename Result>
    void normalise(Result *results) {
        int64_t exponent = 0;
        while (exponent < c.max_exponent && power_sum >> (c.sum_fraction_bits + exponent)) exponent++;
        const int64_t aligned = power_sum << (c.max_exponent - exponent);
        mantissa = c.reciprocal[(aligned >> c.index_shift) & c.index_mask];
        top = int32_t((maximum + exponent) << c.fraction_bits);
        std::fill(results, results + n, Result(0));
        if (first_kept < 0) return;
        if (c.narrow_results)
            finish(results, narrow_by_distance, narrow_found);
        else
            finish(results, by_distance, found);
    }

  private:
    const Constants &c;
    const int64_t n, slices;
    std::vector<int32_t> raw;  // filled up with hidden scores to whole slices
    std::vector<double> kept;
    std::vector<uint8_t> spread;
    std::vector<int64_t> by_distance, found;
    std::vector<int32_t> narrow_by_distance, narrow_found;
    int64_t maximum = 0, power_sum = 0, mantissa = 0;
    int64_t first_kept = -1, last_kept = 0;  // slices without a kept score before and after give zeros
    int32_t top = 0;                         // M + e, in units of the input

    // In parts, for vector instructions: a compiler may not change the order of additions.
    template <typename Score>
    bool finite(const Score *scores, const uint8_t *mask) const {
        constexpr int PARTS = 32;
        Score wrong[PARTS] = {};  // 0, or not a number
        int64_t i = 0;
        if (mask == nullptr)
            for (; i + PARTS <= n; i += PARTS)
                for (int part = 0; part < PARTS; part++) wrong[part] += scores[i + part] - scores[i + part];
        else
            for (; i + PARTS <= n; i += PARTS)
                for (int part = 0; part < PARTS; part++) {
                    const Score one = mask[i + part] ? scores[i + part] : Score(0);
                    wrong[part] += one - one;
                }
        for (; i < n; i++)
            if (mask == nullptr || mask[i]) wrong[0] += scores[i] - scores[i];
        return std::all_of(wrong, wrong + PARTS, [](Score one) { return one == 0; });
    }

    template <typename Score>
    Score largest(const Score *scores) const {
        constexpr int PARTS = 32;
        Score most[PARTS];
        std::fill(most, most + PARTS, -std::numeric_limits<Score>::infinity());
        int64_t i = 0;
        for (; i + PARTS <= n; i += PARTS)
            for (int part = 0; part < PARTS; part++)
                most[part] = scores[i + part] > most[part] ? scores[i + part] : most[part];
        for (; i < n; i++) most[0] = std::max(most[0], scores[i]);
        return *std::max_element(most, most + PARTS);
    }

    template <int LANES, typename Integer>
    void reduce_slices(const Integer *numerators) {
        const int64_t lanes = LANES ? LANES : c.lanes;
        power_sum = last_kept = 0;
        first_kept = -1;
        for (int64_t slice = 0; slice < slices; slice++) {
            const int32_t *x = raw.data() + slice * lanes;
            int32_t largest = int32_t(c.hidden);
            for (int64_t lane = 0; lane < lanes; lane++) largest = std::max(largest, x[lane]);
            const int64_t ceiling = std::max<int64_t>(-((-int64_t(largest)) >> c.fraction_bits), c.lowest_maximum);
            const int32_t top = int32_t(ceiling << c.fraction_bits);
            const bool empty = largest == c.hidden;
            if (!empty && first_kept < 0) first_kept = slice * lanes;
            if (!empty) last_kept = std::min((slice + 1) * lanes, n);
            Integer narrow_sum = 0;
            for (int64_t lane = 0; lane < lanes; lane++) narrow_sum += numerators[top - x[lane]];
            int64_t sum = narrow_sum;
            sum = c.dropped >= 0 ? sum >> c.dropped : sum << -c.dropped;
            const int64_t before = slice == 0 ? ceiling : maximum;
            maximum = std::max(before, ceiling);
            power_sum = (power_sum >> std::min<int64_t>(maximum - before, 63)) +
                        (sum >> std::min<int64_t>(maximum - ceiling, 63));
            if (c.saturates) power_sum = std::min(power_sum, c.largest_sum);
        }
    }

    // Results from those of each distance, where a row has more elements than there are distances.
    template <typename Result, typename Integer>
    void finish(Result *results, std::vector<Integer> &by_distance, std::vector<Integer> &found) {
        const int32_t first = int32_t(first_kept), last = int32_t(last_kept), farthest = int32_t(c.distances) - 1;
        int32_t *__restrict x = raw.data();  // from here on distances
        const int32_t top = this->top;
        const Result ulp = std::is_integral_v<Result> ? Result(1) : Result(c.ulp);
        const Integer largest = Integer(c.largest_output);
        Integer *__restrict y = found.data(), *__restrict table = by_distance.data();
        const bool by_table = last - first > c.distances;
        if (by_table)
            for (int32_t distance = 0; distance <= farthest; distance++) table[distance] = Integer(result(distance));
        const auto at = [&](int32_t distance) { return by_table ? table[distance] : Integer(result(distance)); };
        for (int32_t i = first; i < last; i++) x[i] = std::min(top - x[i], farthest);
        if (!c.cascade) {
            for (int32_t i = first; i < last; i++) results[i] = Result(std::min(at(x[i]), largest)) * ulp;
            return;
        }
        const int guard_bits = int(c.guard_bits);
        Integer sum = Integer(1) << (guard_bits - 1);
        for (int32_t i = first; i < last; i++) y[i] = sum += at(x[i]);
        results[first] = Result(std::min<Integer>(y[first] >> guard_bits, largest)) * ulp;
        for (int32_t i = first + 1; i < last; i++) {
            const Integer one = (y[i] >> guard_bits) - (y[i - 1] >> guard_bits);
            results[i] = Result(std::min(one, largest)) * ulp;
        }
    }

    template <typename Work>
    static int32_t rounded(Work scaled, Work low, Work high) {
        // Below 2**(digits - 2) adding this leaves no fraction, and rounds as IEEE 754 does: to nearest, ties to even.
        constexpr Work whole = Work(3) * Work(int64_t(1) << (std::numeric_limits<Work>::digits - 2));
        scaled = scaled < low ? low : scaled;
        scaled = scaled > high ? high : scaled;
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
        const uint8_t *mask = row.gathered(mask_of(rows, number), rows.keep_stride);
        if constexpr (std::is_same_v<Score, int32_t>)
            row.take(scores, mask);
        else if (!row.template quantise<Work>(scores, mask))
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

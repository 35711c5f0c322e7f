// Counts what happens at the two ends of a design. Counts and times are in frames and cycles, and wrap round.
//
// The handshakes are seen one cycle late, at both ends alike: times stay exact, and the data path drives one more
// flip-flop, nothing else. `clear` sets every output to zero; frames on their way are still measured whole.
// latency:     of the frame that ended last, from its first beat in to its last beat out; latency_max: the largest.
// interval:    between the ends of the last two frames; 0 before there are two.
// input_wait:  cycles in which a beat was offered and not taken; output_wait: in which one waited for the sink.
// BEATS: of a frame at the input. FRAMES: places for start times, a power of two, at least the frames on their way.
module hwflow_meter #(
    parameter int BEATS  = 1,
    parameter int FRAMES = 4
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        clear,
    input  logic        s_valid,
    input  logic        s_ready,
    input  logic        m_valid,
    input  logic        m_ready,
    input  logic        m_last,
    output logic [31:0] frames_in,
    output logic [31:0] frames_out,
    output logic [31:0] latency,
    output logic [31:0] latency_max,
    output logic [31:0] interval,
    output logic [31:0] input_wait,
    output logic [31:0] output_wait
);
    localparam int PLACE = $clog2(FRAMES);
    logic [31:0]      started[FRAMES];  // when a frame began, by its number
    logic [PLACE-1:0] newest, oldest;
    logic [31:0]      now, ended;
    logic             accept, offer, finish, hold, first, last, measured;

    generate
        if (BEATS == 1) begin : g_single
            assign first = 1'b1;
            assign last  = 1'b1;
        end else begin : g_frame
            hwflow_counter #(.COUNT(BEATS)) beats (.clk(clk), .rst(rst), .advance(accept), .last(last));
            always_ff @(posedge clk) begin
                if (rst) first <= 1'b1;
                else if (accept) first <= last;
            end
        end
    endgenerate

    always_ff @(posedge clk) begin
        if (rst) begin
            accept <= 1'b0;
            offer  <= 1'b0;
            finish <= 1'b0;
            hold   <= 1'b0;
        end else begin
            accept <= s_valid && s_ready;
            offer  <= s_valid && !s_ready;
            finish <= m_valid && m_ready && m_last;
            hold   <= m_valid && !m_ready;
        end
    end

    always_ff @(posedge clk) begin
        if (accept && first) started[newest] <= now;
        if (finish) ended <= now;
        if (rst) begin
            now    <= '0;
            newest <= '0;
            oldest <= '0;
        end else begin
            now    <= now + 1'b1;
            newest <= newest + PLACE'(accept && first);
            oldest <= oldest + PLACE'(finish);
        end
    end

    always_ff @(posedge clk) begin
        if (rst || clear) begin
            frames_in   <= '0;
            frames_out  <= '0;
            latency     <= '0;
            latency_max <= '0;
            interval    <= '0;
            input_wait  <= '0;
            output_wait <= '0;
            measured    <= 1'b0;
        end else begin
            frames_in   <= frames_in + 32'(accept && last);
            frames_out  <= frames_out + 32'(finish);
            input_wait  <= input_wait + 32'(offer);
            output_wait <= output_wait + 32'(hold);
            if (finish) latency <= now - started[oldest];
            if (finish && frames_out != '0) interval <= now - ended;
            if (measured && latency > latency_max) latency_max <= latency;
            measured <= finish;
        end
    end
endmodule

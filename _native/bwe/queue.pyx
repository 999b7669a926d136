"""See queue.pxd."""


cdef void queue_init(Queue* queue) noexcept nogil:
    queue.began_us = -1
    queue.us = queue.low_us = 0
    queue.marked = True
    queue.least_us[0] = queue.least_us[1] = 0


cdef void queue_on_packet(Queue* queue, int64_t sent_us, int64_t arrival_us) noexcept nogil:
    cdef int64_t delay_us = arrival_us - sent_us
    if queue.began_us < 0:
        queue.began_us = sent_us
        queue.least_us[0] = queue.least_us[1] = delay_us
    elif sent_us - queue.began_us > QUEUE_WINDOW_US:
        queue.began_us = sent_us
        queue.least_us[1] = queue.least_us[0]
        queue.least_us[0] = delay_us
    queue.least_us[0] = min(queue.least_us[0], delay_us)
    queue.us = delay_us - min(queue.least_us[0], queue.least_us[1])
    queue.low_us = queue.us if queue.marked else min(queue.low_us, queue.us)
    queue.marked = False

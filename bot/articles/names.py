"""Word lists that tell people's names: first names, and words beside a name that is no person's.

Russian first names, patronymics and surnames are pymorphy3's; these lists add what it lacks.
"""

_PARTICLES = """
фон дер ден ван де ди да ла бин ибн аль эль van von der den de da di la le bin ibn al el du dos
"""

_OTHER_CYRILLIC = """
uk be bg sr mk kk ky tg mn tt ba cv os ab uz
"""

_NAMED_AFTER = """
улица проспект переулок бульвар площадь набережная шоссе сквер парк микрорайон станция метро имя
им ул пр пер аэропорт театр музей школа гимназия лицей университет институт академия больница
завод фабрика фонд премия стипендия орден медаль кубок мемориал памятник бюст теплоход корабль
крейсер фрегат ледокол танкер судно шхуна лайнер эсминец подлодка катер мост стадион арена дворец
галерея усадьба храм собор церковь монастырь часовня день
"""

_MORE_MEN = """
Эммануэль Касым-Жомарт Нико Эстебан Начо Хамес Ману Хави Серхио Мариуш Джордан Куинтон Брэдли Эдем
Шавкат Эмомали Фатхи Файез Хосни Абдель Тайвин Сэмюэл Дерек Брайс Джейден Коди Тайлер Коннор Логан
Остин Илон Флойд Эвандер Тайсон Тейлор Берни Матео Маттео Марсело Карлес Хосеп Стефанос Новак Олаф
Эво Гус Ринго Оззи Трэвис Михеил Сердар Тайип Синдзо Сатья Митч Кими Робер Тилль Сундар Нарендра
Рэй Дуэйн Дрейк Конор Хавьер Тьерри Юрген Криштиану Килиан Ромелу Кевин Деклан Букайо Энцо
Себастьян Сэм Джаред Рэнд Стэнли Джейк Хидэо Акира Харуки Сигэру Цзиньпин Чжао Ван Ли
"""

_MORE_WOMEN = """
София Деми Роузи Кайли Ким Минни Дарига Джоанна Эсперанса Шарлиз Риз Кара Джиджи Белла Меган
Серена Винус Эми Хлоя Гвинет Мадонна Кэти Кейт Камала Джилл Сьюзан Хиллари Ариана Рут Эмили Шакира
Рианна Бейонсе Джей Энн Кэрол Хелен Трейси Аннегрет Лиз Николь Мишель Рашель Гретхен Ингрид Астрид
Скарлетт Джоан Вивьен Дженнифер Маргарет Мелани Натали Эстер Джудит
"""

_SURNAME_FIRST = """
Си Ким Мун Пак Чон Чжан Мао Дэн Ху Тэн
"""

_BEARS_A_NAME = """
street avenue road boulevard lane drive square park bridge airport station stadium arena
university college school institute academy hospital clinic center centre foundation fund library
museum theatre theater hall prize award medal cup trophy memorial county island river lake bay inc
ltd corp group bank company co news times post show day act law
"""

_TITLES = """
president minister chancellor senator sen rep congressman congresswoman governor mayor secretary
judge justice prince princess king queen pope mr mrs ms dr professor prof coach captain actor
actress singer rapper director author ceo chairman spokesman spokeswoman striker midfielder
defender goalkeeper quarterback sergeant officer detective general colonel
"""

_ALSO_THINGS = """
Will Mark Rose Grant Frank Christian Jordan Georgia Florence Virginia Austin Jackson Madison
Carolina Charlotte Chelsea Victoria Max April Crystal Holly Dale Harris Nelson Rex Kobe Logan
Lance Hazel Ruby Daisy Lily Amber Jasmine Angel Kim Angelina Lloyd Ross Taylor Morgan Cameron
Franklin Harrison Louise Lincoln Sofia Troy Guy Ray Don Ana Sue Rob Nick Zara May
"""

_FIRST_NAMES = """
Aaron Abdul Abdullah Abraham Adam Adrian Adriana Ahmed Aidan Alan Albert Alberto Alejandro Alex
Alexander Alexandra Alexei Alexey Alexis Alfred Alice Alicia Alison Allison Amanda Amber Amir Amit
Amy Ana Andre Andrea Andreas Andrei Andres Andrew Andy Angel Angela Angelina Anil Anita Ann Anna
Anne Annie Anthony Antonio Antony April Ariana Arjun Arnold Arthur Arvind Ashley Ashraf Astrid
Audrey Austin Barack Barbara Barry Bashar Beatrice Ben Benjamin Bernard Bernie Bernardo Beth Betty
Beyonce Bill Billy Blake Bob Bobby Boris Brad Bradley Brandon Brenda Brett Brian Britney Bruce
Bruno Bryan Caleb Cameron Camilla Carl Carla Carlo Carlos Carmen Carol Carolina Caroline Catherine
Cathy Cecilia Chad Charles Charlie Charlotte Chelsea Cheryl Chloe Chris Christian Christina
Christine Christopher Cindy Claire Clara Clarence Claude Claudia Clint Cody Colin Connor
Constantine Craig Cristiano Crystal Curtis Cynthia Daisy Dale Damian Dan Dana Daniel Daniela
Daniele Danny Darren Dave David Dean Deborah Debra Deepika Demi Denis Denise Dennis Derek Diana
Diane Diego Dirk Dmitri Dmitry Dolly Dominic Don Donald Donna Doris Dorothy Doug Douglas Duncan
Dustin Dwayne Dwight Dylan Earl Eddie Edgar Eduardo Edward Edwin Eileen Elaine Eleanor Elena
Elijah Elizabeth Ella Ellen Elon Emily Emma Emmanuel Enrique Eric Erica Erik Erin Ernest Esther
Ethan Eugene Eva Evan Evelyn Evo Fabio Farah Fatima Felipe Felix Fernando Fiona Florence Floyd
Frances Francis Francisco Francois Frank Franklin Fred Freddie Frederick Gabriel Gareth Gary Gavin
Geoff Geoffrey George Georgia Gerald Gerard Gerhard Gianni Gilbert Gina Giovanni Giuseppe Glen
Glenn Gloria Gordon Graham Grant Greg Gregory Greta Guy Gwyneth Hannah Hans Harold Harriet Harris
Harrison Harry Harvey Hassan Hazel Heather Heidi Helen Helmut Henry Herbert Hillary Holly Howard
Hugh Hugo Ian Ibrahim Igor Imran Ingrid Irene Isaac Isabel Isabella Ivan Ivanka Ivana Jack Jackie
Jackson Jacob Jacqueline Jacques Jaime Jair Jake James Jamie Jan Jane Janet Janice Jared Jasmine
Jason Javier Jay Jean Jeff Jeffrey Jennifer Jenny Jeremy Jerome Jerry Jesse Jessica Jill Jim Jimmy
Joan Joanna Joanne Joao Joaquin Joe Joel Johan Johannes John Johnny Jon Jonas Jonathan Jordan
Jorge Jose Josef Joseph Josh Joshua Joyce Juan Judith Judy Julia Julian Julie Juliet Julius Justin
Kamala Karen Karim Karl Karla Kate Katherine Kathleen Kathryn Kathy Katie Katy Keith Kelly Ken
Kenneth Kevin Kim Kimberly Kirk Klaus Kobe Krishna Kristen Kristina Kurt Kyle Kylie Lance Larry
Laura Lauren Laurence Laurent Lawrence Leah Lee Leo Leon Leonard Leonardo Leonid Leslie Lewis Liam
Lily Linda Lindsay Lindsey Lionel Lisa Liz Lloyd Logan Lorenzo Louis Louise Luca Lucas Lucia Lucy
Luigi Luis Luiz Luke Lydia Lynn Madeleine Madison Mahmoud Malcolm Manuel Marc Marcel Marcelo Marco
Marcus Margaret Maria Mariah Marie Marilyn Marine Mario Marion Mark Marlene Marta Martha Martin
Mary Mathew Matt Matteo Matthew Maurice Max Maya Megan Meghan Mehmet Melania Melanie Melissa Mia
Michael Michel Michele Michelle Miguel Mike Mikhail Miley Mitch Mohamed Mohammad Mohammed Molly
Monica Morgan Muhammad Mustafa Nadia Nancy Naomi Narendra Natalia Natalie Nathan Neil Nelson
Nicholas Nick Nicola Nicolas Nicole Nigel Nikki Nina Noah Noel Nora Norman Novak Oleg Olga Oliver
Olivia Omar Oprah Oscar Otto Owen Pablo Pamela Paola Paolo Patricia Patrick Paul Paula Pauline
Pavel Pedro Penelope Penny Perry Pete Peter Petr Phil Philip Philippe Phillip Phoebe Pierre
Prakash Priti Priyanka Rachel Rafael Rahul Rajesh Ralph Ramon Randy Raphael Raul Ravi Ray Raymond
Rebecca Recep Reggie Regina Rex Ricardo Richard Rick Ricky Rihanna Rishi Rita Rob Robert Roberta
Roberto Robin Rodney Rodrigo Roger Roland Roman Ron Ronald Ronnie Rory Rosa Rose Ross Roy Ruby
Rudolf Rudy Rupert Russell Ruth Ryan Sabrina Sadiq Sajid Sally Salman Sam Samantha Samuel Sandra
Sanjay Sara Sarah Satya Scarlett Scott Sean Sebastian Selena Serena Serge Sergei Sergey Sergio
Shane Shannon Sharon Shaun Shawn Sheila Sherry Shinzo Sidney Silvio Simon Simone Sofia Sonia
Sophia Sophie Spencer Stacey Stan Stanley Stefan Stefanos Stella Stephanie Stephen Steve Steven
Stewart Stuart Sue Sundar Sunil Susan Susie Suzanne Svetlana Sylvester Sylvia Tanya Tara Taylor
Ted Terence Teresa Terry Theodore Theresa Thierry Thomas Tiffany Tim Timothy Tina Tobias Todd Tom
Tommy Toni Tony Tracy Travis Trevor Tyler Uhuru Ursula Valentina Valerie Vanessa Venus Vera Vernon
Veronica Victor Victoria Viktor Vince Vincent Viola Virginia Vitali Vivian Vladimir Volodymyr
Walter Warren Wayne Wendy Wesley Whitney Wilfred Will William Willie Winston Wolfgang Xavier
Yasmin Yolanda Yuri Yusuf Yves Yvonne Zac Zach Zachary Zara Zoe
"""

PARTICLES = frozenset(_PARTICLES.split())
"""Parts of a surname that are written small."""
OTHER_CYRILLIC = frozenset(_OTHER_CYRILLIC.split())
"""Languages written in Cyrillic whose names the Russian dictionary would misread."""
NAMED_AFTER = frozenset(_NAMED_AFTER.split())
"""Before a name: a place, a vessel or a prize that bears it."""
MORE_MEN = frozenset(_MORE_MEN.split())
"""Names that the dictionary lacks or takes for forms of others («Илона»)."""
MORE_WOMEN = frozenset(_MORE_WOMEN.split())
SURNAME_FIRST = frozenset(_SURNAME_FIRST.split())
"""Surnames that stand first, East Asian."""
BEARS_A_NAME = frozenset(_BEARS_A_NAME.split())
"""After a name, in English: the same."""
TITLES = frozenset(_TITLES.split())
"""Before a name, in English: it vouches for a first name that the list lacks."""
ALSO_THINGS = frozenset(_ALSO_THINGS.split())
"""First names that are also places, clubs, months or words: the surname must stand alone too."""
FIRST_NAMES = frozenset(_FIRST_NAMES.split())
"""First names as English newspapers write them."""
